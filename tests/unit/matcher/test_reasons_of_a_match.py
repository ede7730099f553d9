from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.codes import MatchLevel, MatchReason, Scope
from services.core.addresses.address import parse_address
from services.core.tokens import TokenKind
from services.matcher.rules import Finding, Location, judge
from services.matcher.step import step
from tests.unit.matcher.test_matching_step import BY_NUMBER, ENTRY, NOTICE, STANDING, state

FLAT_A, FLAT_C, HOUSE = "Flat A, 18 High Street", "Flat C, 18 High Street", "18 High Street"
FOUND = ("streets_alike", "numbers_agree")
ALSO = (MatchReason.NUMBERS_DIFFER,)


def said(finding: Finding | None) -> tuple[MatchLevel, tuple[str, ...]] | None:
    return None if finding is None else (finding.level, tuple(map(str, finding.reasons)))


def place(address: str | None) -> Location:
    return Location(has_numbers=True, parts=parse_address([address]) if address else None)


def without_number(place: Location) -> Location:
    return replace(place, has_numbers=False)


def judged(kinds: set[TokenKind], mine: Location, theirs: Location) -> Finding | None:
    return judge(kinds, Scope.LINE, lambda: (mine, theirs))


@pytest.mark.parametrize(
    ("kinds", "mine", "theirs", "level", "reasons"),
    [
        ({TokenKind.UPRN}, FLAT_A, None, MatchLevel.PROBABLE, ("same_uprn",)),
        ({TokenKind.UPRN}, None, FLAT_A, MatchLevel.PROBABLE, ("same_uprn",)),
        ({TokenKind.UPRN}, FLAT_A, FLAT_A, MatchLevel.PROBABLE, ("same_uprn", "same_address")),
        ({TokenKind.ADDRESS}, FLAT_A, FLAT_A, MatchLevel.PROBABLE, ("same_address",)),
        ({TokenKind.ADDRESS}, FLAT_A, None, MatchLevel.POSSIBLE, ("same_postcode",)),
    ],
)
def test_a_finding_gives_its_reasons_in_order_and_then_that_the_numbers_differ(
    kinds: set[TokenKind], mine: str | None, theirs: str | None, level: MatchLevel, reasons: tuple[str, ...]
) -> None:
    assert said(judged(kinds, place(mine), place(theirs))) == (level, (*reasons, *ALSO))


def test_parts_that_agree_come_before_those_that_differ_and_the_heaviest_first() -> None:
    mine, theirs = without_number(place(HOUSE)), place("18 High Road")
    assert said(judged({TokenKind.ADDRESS}, mine, theirs)) == (MatchLevel.POSSIBLE, ("near_address", *FOUND))
    found = judged({TokenKind.UPRN}, place(HOUSE), place("20 High Street"))
    assert found is not None
    assert found.reasons[:3] == ("same_uprn", "addresses_differ", "streets_agree")
    assert set(found.reasons[3:]) == {"numbers_clash", *ALSO}


def test_the_same_number_and_uprn_are_both_said() -> None:
    found = judged({TokenKind.TELEPHONE, TokenKind.UPRN}, place(None), place(None))
    assert said(found) == (MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, MatchReason.SAME_UPRN))


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (Location(False, place(FLAT_C).parts, others=(place(HOUSE), place(FLAT_A))), without_number(place(FLAT_A))),
        (without_number(place(FLAT_A)), Location(False, place(HOUSE).parts, others=(place(FLAT_C), place(FLAT_A)))),
    ],
)
def test_of_several_places_of_a_record_the_surest_counts(mine: Location, theirs: Location) -> None:
    assert said(judged({TokenKind.ADDRESS}, mine, theirs)) == (MatchLevel.PROBABLE, ("same_address",))


def test_places_that_all_clash_are_no_match() -> None:
    assert judged({TokenKind.ADDRESS}, place(FLAT_A), replace(place(FLAT_C), others=(place(FLAT_C),))) is None


def test_a_pair_that_is_over_does_not_keep_the_next_from_being_found() -> None:
    made = state(
        notices={1: replace(NOTICE, live=False), 3: replace(NOTICE, pk=3)},
        shared={(1, 2): {TokenKind.TELEPHONE}, (3, 2): {TokenKind.TELEPHONE}},
    )
    assert step(made).found == {(3, 2): BY_NUMBER}


def test_each_pair_is_judged_by_its_own_places() -> None:
    places = {
        (1, 2): (place(FLAT_A), place(FLAT_A)),
        (1, 4): (without_number(place(HOUSE)), place("18 High Road")),
    }
    made = state(
        entries={2: ENTRY, 4: replace(ENTRY, pk=4)},
        shared={pair: {TokenKind.ADDRESS} for pair in places},
        look=places.__getitem__,
    )
    assert {pair: found.level for pair, found in step(made).found.items()} == {
        (1, 2): MatchLevel.PROBABLE,
        (1, 4): MatchLevel.POSSIBLE,
    }


def test_of_two_records_that_count_no_longer_the_entry_is_said() -> None:
    made = state(STANDING, notices={1: replace(NOTICE, live=False)}, entries={2: replace(ENTRY, live=False)})
    assert step(made).ended == {(1, 2): "entry_withdrawn"}
