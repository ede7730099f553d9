from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.codes import MatchLevel, MatchReason, Scope
from services.core.addresses.address import parse_address
from services.core.tokens import TokenKind
from services.matcher.rules import Finding, Location, judge
from services.matcher.weights.parameters import Parameters, load_parameters

PHONE, UPRN, POSTCODE, AREA, ADDRESS = TokenKind
FLAT_A, FLAT_C, HOUSE = "Flat A, 18 High Street", "Flat C, 18 High Street", "18 High Street"
NEXT_DOOR, MISTAKEN_KIND = "20 High Street", "18 High Road"
BY_NUMBER = Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER,))


def judged(
    kinds: set[TokenKind], mine: str | None = None, theirs: str | None = None, *, numbers: bool = False
) -> Finding | None:
    def where(address: str | None) -> Location:
        return Location(numbers, parse_address([address]) if address else None)

    return judge(kinds, Scope.LINE, lambda: (where(mine), where(theirs)))


def level(finding: Finding | None) -> MatchLevel | None:
    return finding.level if finding else None


@pytest.mark.parametrize("scope", [Scope.POSTCODE, Scope.EXCHANGE])
@pytest.mark.parametrize("kinds", [{AREA}, {POSTCODE}, {POSTCODE, AREA}])
def test_an_area_that_covers_a_home_is_possible_and_no_address_is_opened(scope: Scope, kinds: set[TokenKind]) -> None:
    def opened() -> tuple[Location, Location]:
        raise AssertionError

    assert judge(kinds, scope, opened) == Finding(MatchLevel.POSSIBLE, (MatchReason.AREA_COVERS_ADDRESS,))


def test_the_same_number_at_one_place_is_confirmed_and_no_address_is_opened() -> None:
    def opened() -> tuple[Location, Location]:
        raise AssertionError

    assert judge({PHONE, ADDRESS}, Scope.LINE, opened) == replace(BY_NUMBER, settles=True)


@pytest.mark.parametrize(
    ("kinds", "mine", "theirs", "expected"),
    [
        ({UPRN}, None, None, MatchLevel.PROBABLE),
        ({UPRN}, FLAT_A, None, MatchLevel.PROBABLE),
        ({UPRN}, FLAT_A, HOUSE, MatchLevel.PROBABLE),
        ({UPRN}, HOUSE, NEXT_DOOR, MatchLevel.POSSIBLE),
        ({UPRN}, FLAT_A, FLAT_C, None),
        ({UPRN, ADDRESS}, FLAT_A, FLAT_C, None),
        ({UPRN, ADDRESS}, FLAT_A, FLAT_A, MatchLevel.PROBABLE),
        ({ADDRESS}, FLAT_A, FLAT_A, MatchLevel.PROBABLE),
        ({ADDRESS}, FLAT_A, HOUSE, MatchLevel.POSSIBLE),
        ({ADDRESS}, FLAT_A, None, MatchLevel.POSSIBLE),
        ({ADDRESS}, None, None, MatchLevel.POSSIBLE),
        ({POSTCODE}, FLAT_A, None, MatchLevel.POSSIBLE),
        ({ADDRESS}, FLAT_A, FLAT_C, None),
        ({ADDRESS}, HOUSE, NEXT_DOOR, None),
    ],
)
def test_without_a_common_number_the_addresses_decide(
    kinds: set[TokenKind], mine: str | None, theirs: str | None, expected: MatchLevel | None
) -> None:
    assert level(judged(kinds, mine, theirs)) is expected
    assert level(judged(kinds, theirs, mine)) is expected


@pytest.mark.parametrize("kinds", [{UPRN}, {ADDRESS}])
def test_that_both_have_numbers_and_share_none_is_said_to_whoever_decides(kinds: set[TokenKind]) -> None:
    finding = judged(kinds, FLAT_A, FLAT_A, numbers=True)
    assert finding is not None
    assert finding.reasons[-1] == MatchReason.NUMBERS_DIFFER
    assert finding.level is MatchLevel.PROBABLE


def test_a_pair_that_shares_an_area_only_is_no_match_of_a_line() -> None:
    assert judged({AREA}, FLAT_A, FLAT_A) is None


@pytest.mark.parametrize("kinds", [{UPRN}, {ADDRESS}])
@pytest.mark.parametrize(("mine", "theirs", "said"), [(True, True, True), (True, False, False), (False, True, False)])
def test_numbers_are_said_to_differ_only_where_both_sides_have_one(
    kinds: set[TokenKind], mine: bool, theirs: bool, said: bool
) -> None:
    parts = parse_address([FLAT_A])
    finding = judge(kinds, Scope.LINE, lambda: (Location(mine, parts), Location(theirs, parts)))
    assert finding is not None
    assert (MatchReason.NUMBERS_DIFFER in finding.reasons) is said


def placed(address: str, uprn: str | None = None, postcode: str | None = None) -> Location:
    return Location(has_numbers=False, parts=parse_address([address]), uprn=uprn, postcode=postcode)


def by_address(mine: Location, theirs: Location) -> Finding | None:
    return judge({ADDRESS}, Scope.LINE, lambda: (mine, theirs))


ONE_AND_ANOTHER = [
    ({"uprn": "100012345671"}, {"uprn": "100012345672"}, MatchReason.UPRNS_DIFFER),
    ({"postcode": "FY3 8AB"}, {"postcode": "FY4 9AD"}, MatchReason.POSTCODES_DIFFER),
]


@pytest.mark.parametrize(("mine", "theirs", "reason"), ONE_AND_ANOTHER)
def test_what_differs_beside_one_address_is_said_and_makes_the_match_less_sure(
    mine: dict[str, str], theirs: dict[str, str], reason: MatchReason
) -> None:
    found = by_address(placed(FLAT_A, **mine), placed(FLAT_A, **theirs))
    without = by_address(placed(FLAT_A, **mine), placed(FLAT_A))
    assert found is not None
    assert without is not None
    assert found.reasons == (MatchReason.SAME_ADDRESS, reason)
    assert without.reasons == (MatchReason.SAME_ADDRESS,)
    assert found.weight < without.weight


def test_a_near_address_in_another_place_is_no_match() -> None:
    mine, theirs = placed(FLAT_A, postcode="FY3 8AB"), placed(HOUSE, postcode="FY4 9AD")
    assert by_address(mine, theirs) is None
    assert level(by_address(mine, placed(HOUSE))) is MatchLevel.POSSIBLE


def test_two_signs_against_a_near_address_weigh_more_than_one() -> None:
    mine, theirs = placed(FLAT_A, uprn="100012345671"), placed(HOUSE, uprn="100012345672")
    one, two = by_address(mine, placed(HOUSE)), by_address(mine, theirs)
    assert one is not None
    assert two is None or two.weight < one.weight
    numbers = (replace(mine, has_numbers=True), replace(theirs, has_numbers=True))
    assert by_address(*numbers) is None


@pytest.mark.parametrize("theirs", ["FY3 8AD", "FY3 8BA", "FY3 9AB"])
def test_a_postcode_with_a_typing_error_is_no_other_postcode(theirs: str) -> None:
    found = by_address(placed(HOUSE, postcode="FY3 8AB"), placed(HOUSE, postcode=theirs))
    assert found == by_address(placed(HOUSE, postcode="FY3 8AB"), placed(HOUSE, postcode="FY3 8AB"))


@pytest.mark.parametrize(("uprn", "expected"), [(None, MatchLevel.POSSIBLE), ("100012345672", None)])
def test_a_number_within_the_range_of_the_other_may_be_the_same_home(
    uprn: str | None, expected: MatchLevel | None
) -> None:
    mine = placed("18-20 High Street", uprn="100012345671")
    assert level(by_address(mine, placed("18 High Street", uprn=uprn))) is MatchLevel.PROBABLE
    assert level(by_address(mine, placed("20 High Street", uprn=uprn))) is expected
    assert judged({ADDRESS}, "18-20 High Street", "20 High Street", numbers=True) is None


def test_a_street_without_a_number_may_be_any_home_there() -> None:
    assert level(judged({ADDRESS}, "High Street", HOUSE)) is MatchLevel.POSSIBLE
    in_postcode = placed("High Street", postcode="FY3 8AB"), placed(HOUSE, postcode="FY3 8AB")
    assert level(by_address(*in_postcode)) is MatchLevel.POSSIBLE
    assert by_address(*(replace(one, has_numbers=True) for one in in_postcode)) is None


def test_the_uprn_of_a_building_does_not_make_one_flat_another() -> None:
    assert level(judged({UPRN}, "First Floor Flat, Maple Court", "Flat 97, Maple Court")) is MatchLevel.POSSIBLE


def test_an_address_that_names_no_flat_of_a_building_may_be_any_of_its_flats() -> None:
    found = by_address(placed("Maple Court", postcode="FY3 8AB"), placed("Flat 7, Maple Court", postcode="FY3 8AB"))
    assert level(found) is MatchLevel.POSSIBLE
    # The UPRN says which.
    assert level(judged({UPRN}, "Maple Court", "Flat 7, Maple Court")) is MatchLevel.PROBABLE


@pytest.mark.parametrize(("mine", "theirs"), [("The Barn, Pine Fold, Aldham", "The Barn, Rowan Row, Aldham")])
def test_a_name_that_many_homes_have_is_not_enough_where_the_streets_differ(mine: str, theirs: str) -> None:
    assert level(judged({ADDRESS}, mine, theirs)) is MatchLevel.POSSIBLE
    assert judged({ADDRESS}, mine, theirs, numbers=True) is None


def test_a_town_that_was_read_as_the_street_does_not_differ_from_the_street() -> None:
    mine = replace(placed("Flat 7, Wren Heights, 44 Bluebell Drive"), places=("wynmere",))
    found = by_address(mine, placed("Flat 7, Wren Heights, 44 Wynmere"))
    assert found is not None
    assert found.reasons == (MatchReason.SAME_ADDRESS,)


def test_the_reasons_name_the_three_heaviest_parts_for_and_against() -> None:
    mine = Location(True, parse_address(["Flat 2, Maple Court, 18 High Street"]), "100012345671", "FY3 8AB")
    theirs = Location(True, parse_address(["Flat 2, Maple Court, 18 Mill Lane"]), "100012345672", "FY3 9XY")
    weights = replace_thresholds(possible_from=-99.0)
    found = judge({ADDRESS}, Scope.LINE, lambda: (mine, theirs), weights)
    assert found is not None
    head, *others = found.reasons
    assert head == MatchReason.NEAR_ADDRESS
    assert others[:3] == ["sub_units_agree", "numbers_agree", "buildings_agree"]
    assert set(others[3:]) < {"streets_differ", "postcodes_differ", "telephone_numbers_differ", "uprns_differ"}
    assert len(others) == 6


def test_thresholds_decide_the_level() -> None:
    def found(**thresholds: float) -> MatchLevel | None:
        pair = placed(FLAT_A), placed(HOUSE)
        return level(judge({ADDRESS}, Scope.LINE, lambda: pair, replace_thresholds(**thresholds)))

    finding = by_address(placed(FLAT_A), placed(HOUSE))
    assert finding is not None
    weight = finding.weight
    assert found(probable_from=weight) is MatchLevel.PROBABLE
    assert found(probable_from=weight + 0.1, possible_from=weight) is MatchLevel.POSSIBLE
    assert found(probable_from=weight + 0.2, possible_from=weight + 0.1) is None


def replace_thresholds(**thresholds: float) -> Parameters:
    return load_parameters().model_copy(update=thresholds)


@pytest.mark.parametrize("theirs", [HOUSE, "1 High Street Flat 18", "Flat A, High Street"])
def test_a_home_named_otherwise_with_another_telephone_number_is_no_match(theirs: str) -> None:
    assert judged({ADDRESS}, FLAT_A, theirs, numbers=True) is None


def test_a_home_on_a_street_of_a_like_name_is_possible_unless_the_telephone_numbers_differ() -> None:
    assert level(judged({ADDRESS}, HOUSE, MISTAKEN_KIND)) is MatchLevel.POSSIBLE
    assert judged({ADDRESS}, HOUSE, MISTAKEN_KIND, numbers=True) is None


def test_addresses_that_say_nothing_for_or_against_each_other_are_no_match() -> None:
    assert judged({ADDRESS}, "Rose Cottage, Mill Lane", "Ivy House, Mill Lane") is None


def test_the_same_flat_of_the_same_building_is_the_same_home_whatever_the_street() -> None:
    # The second address leaves the street out, and its town is read as the street.
    found = judged({ADDRESS}, "Flat 7, Wren Heights, 44 Bluebell Drive", "Flat 7, Wren Heights, 44 Wynmere")
    assert level(found) is MatchLevel.PROBABLE


@pytest.mark.parametrize("theirs", [NEXT_DOOR, FLAT_C, "Rose Cottage, Mill Lane"])
def test_the_same_number_at_another_address_is_confirmed_and_says_so(theirs: str) -> None:
    found = judge({PHONE}, Scope.LINE, lambda: (placed(FLAT_A), placed(theirs)))
    assert found == Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, MatchReason.ADDRESSES_DIFFER))


@pytest.mark.parametrize("theirs", [placed(HOUSE), placed(FLAT_A), Location(has_numbers=True, parts=None)])
def test_the_same_number_at_an_address_that_may_be_the_same_is_confirmed(theirs: Location) -> None:
    assert judge({PHONE}, Scope.LINE, lambda: (placed(FLAT_A), theirs)) == BY_NUMBER


def test_the_line_of_a_scheme_may_be_at_another_address() -> None:
    home = replace(placed(FLAT_C), is_scheme=True)
    assert judge({PHONE}, Scope.LINE, lambda: (placed(NEXT_DOOR), home)) == BY_NUMBER


def test_one_of_several_versions_at_the_same_address_is_enough() -> None:
    tied = replace(placed(NEXT_DOOR), others=(placed(FLAT_A),))
    assert judge({PHONE}, Scope.LINE, lambda: (tied, placed(FLAT_A))) == BY_NUMBER
