from __future__ import annotations

import pytest

from schemas.codes import MatchLevel, Scope
from services.core.addresses.address import parse_address
from services.core.tokens import TokenKind
from services.matcher.rules import Finding, Location, MatchReason, judge

PHONE, UPRN, POSTCODE, AREA = TokenKind.TELEPHONE, TokenKind.UPRN, TokenKind.POSTCODE, TokenKind.AREA
FLAT_A, FLAT_C, HOUSE = "Flat A, 18 High Street", "Flat C, 18 High Street", "18 High Street"


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


def test_the_same_number_is_confirmed_and_no_address_is_opened() -> None:
    def opened() -> tuple[Location, Location]:
        raise AssertionError

    assert judge({PHONE, POSTCODE}, Scope.LINE, opened) == Finding(
        MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER,)
    )


@pytest.mark.parametrize(
    ("kinds", "mine", "theirs", "expected"),
    [
        ({UPRN}, None, None, MatchLevel.PROBABLE),
        ({UPRN}, FLAT_A, None, MatchLevel.PROBABLE),
        ({UPRN}, FLAT_A, HOUSE, MatchLevel.PROBABLE),
        ({UPRN}, FLAT_A, FLAT_C, MatchLevel.POSSIBLE),
        ({UPRN, POSTCODE}, FLAT_A, FLAT_C, MatchLevel.POSSIBLE),
        ({UPRN, POSTCODE}, FLAT_A, FLAT_A, MatchLevel.PROBABLE),
        ({POSTCODE}, FLAT_A, FLAT_A, MatchLevel.PROBABLE),
        ({POSTCODE}, FLAT_A, HOUSE, MatchLevel.POSSIBLE),
        ({POSTCODE}, FLAT_A, None, MatchLevel.POSSIBLE),
        ({POSTCODE}, None, None, MatchLevel.POSSIBLE),
        ({POSTCODE}, FLAT_A, FLAT_C, None),
        ({POSTCODE}, HOUSE, "20 High Street", None),
    ],
)
def test_without_a_common_number_the_addresses_decide(
    kinds: set[TokenKind], mine: str | None, theirs: str | None, expected: MatchLevel | None
) -> None:
    assert level(judged(kinds, mine, theirs)) is expected
    assert level(judged(kinds, theirs, mine)) is expected


@pytest.mark.parametrize("kinds", [{UPRN}, {POSTCODE}])
def test_that_both_have_numbers_and_share_none_is_said_to_whoever_decides(kinds: set[TokenKind]) -> None:
    finding = judged(kinds, FLAT_A, FLAT_A, numbers=True)
    assert finding is not None
    assert finding.reasons[-1] == MatchReason.NUMBERS_DIFFER
    assert finding.level is MatchLevel.PROBABLE


def test_a_pair_that_shares_an_area_only_is_no_match_of_a_line() -> None:
    assert judged({AREA}, FLAT_A, FLAT_A) is None


@pytest.mark.parametrize("kinds", [{UPRN}, {POSTCODE}])
@pytest.mark.parametrize(("mine", "theirs", "said"), [(True, True, True), (True, False, False), (False, True, False)])
def test_numbers_are_said_to_differ_only_where_both_sides_have_one(
    kinds: set[TokenKind], mine: bool, theirs: bool, said: bool
) -> None:
    parts = parse_address([FLAT_A])
    finding = judge(kinds, Scope.LINE, lambda: (Location(mine, parts), Location(theirs, parts)))
    assert finding is not None
    assert (MatchReason.NUMBERS_DIFFER in finding.reasons) is said
