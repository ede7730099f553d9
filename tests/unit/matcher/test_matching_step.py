from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas.codes import MatchDecision, MatchLevel, MatchReason, Scope
from services.core.addresses.address import parse_address
from services.core.tokens import TokenKind
from services.matcher.rules import Finding, Location
from services.matcher.step import EntryRow, MatchRow, MatchState, NoticeRow, Pair, changes_of_settling, step

NOTICE = NoticeRow(pk=1, revision=4, live=True, scope=Scope.LINE)
ENTRY = EntryRow(pk=2, revision=5, live=True, feed_id="council:E06000009", shard=3)
PAIR = (1, 2)
BY_NUMBER = Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER,))
STANDING = MatchRow(live=True, finding=BY_NUMBER, notice_revision=4, entry_revision=5, decision=MatchDecision.UNDECIDED)


def state(match: MatchRow | None = None, **changes: Any) -> MatchState:
    made = MatchState(
        notices={1: NOTICE},
        entries={2: ENTRY},
        shared={PAIR: {TokenKind.TELEPHONE}},
        matches={PAIR: match} if match else {},
        look=lambda _pair: (Location(has_numbers=True, parts=None), Location(has_numbers=True, parts=None)),
    )
    return replace(made, **changes)


def test_a_pair_not_on_record_is_found() -> None:
    outcome = step(state())
    assert (outcome.found, outcome.ended) == ({PAIR: BY_NUMBER}, {})


def test_a_pair_on_record_at_these_versions_is_no_news() -> None:
    outcome = step(state(STANDING))
    assert (outcome.found, outcome.ended) == ({}, {})


@pytest.mark.parametrize(
    "match",
    [
        replace(STANDING, notice_revision=3),
        replace(STANDING, entry_revision=4),
        replace(STANDING, live=False),
        replace(STANDING, finding=Finding(MatchLevel.PROBABLE, (MatchReason.SAME_UPRN,))),
    ],
)
def test_a_pair_on_record_at_other_versions_or_findings_is_found_again(match: MatchRow) -> None:
    outcome = step(state(match))
    assert (outcome.found, outcome.ended) == ({PAIR: BY_NUMBER}, {})


def test_a_rejected_pair_is_found_again_like_any_other() -> None:
    outcome = step(state(replace(STANDING, notice_revision=3, decision=MatchDecision.REJECTED)))
    assert set(outcome.found) == {PAIR}


CHANGED = replace(STANDING, entry_revision=STANDING.entry_revision - 1)


def flats(_pair: object) -> tuple[Location, Location]:
    return (
        Location(False, parse_address(["Flat A, 18 High Street"])),
        Location(False, parse_address(["Flat C, 18 High Street"])),
    )


def test_a_pair_that_shares_nothing_any_more_ends() -> None:
    assert step(state(CHANGED, shared={})).ended == {PAIR: "no_longer_alike"}


def test_a_pair_whose_addresses_have_come_to_clash_ends() -> None:
    made = state(CHANGED, shared={PAIR: {TokenKind.POSTCODE}}, look=flats)
    assert step(made).ended == {PAIR: "no_longer_alike"}


@pytest.mark.parametrize("shared", [{}, {PAIR: {TokenKind.POSTCODE}}])
def test_a_match_does_not_end_because_the_rules_have_changed(shared: dict[Any, Any]) -> None:
    outcome = step(state(STANDING, shared=shared, look=flats))
    assert (outcome.found, outcome.ended) == ({}, {})


def test_a_match_is_not_less_sure_because_the_rules_have_changed() -> None:
    same = Location(False, parse_address(["Flat A, 18 High Street"]))
    by_place = {PAIR: {TokenKind.ADDRESS}}
    outcome = step(state(STANDING, shared=by_place, look=lambda _pair: (same, same)))
    assert (outcome.found, outcome.ended) == ({}, {})
    assert set(step(state(CHANGED, shared=by_place, look=lambda _pair: (same, same))).found) == {PAIR}


SETTLED = replace(STANDING, finding=replace(BY_NUMBER, settles=True))


@pytest.mark.parametrize(
    ("match", "kinds", "expected"),
    [
        (None, {TokenKind.TELEPHONE, TokenKind.ADDRESS}, {PAIR}),
        (None, {TokenKind.TELEPHONE}, set()),
        (replace(SETTLED, entry_revision=4), {TokenKind.TELEPHONE, TokenKind.ADDRESS}, set()),
        (replace(SETTLED, entry_revision=4), {TokenKind.TELEPHONE}, {PAIR}),
        (replace(SETTLED, entry_revision=4), None, {PAIR}),
        (replace(SETTLED, entry_revision=4, live=False), {TokenKind.TELEPHONE, TokenKind.UPRN}, {PAIR}),
    ],
)
def test_a_pair_begins_or_ceases_to_settle_whose_line_it_is(
    match: MatchRow | None, kinds: set[TokenKind] | None, expected: set[Pair]
) -> None:
    made = state(match, shared={} if kinds is None else {PAIR: kinds})
    assert changes_of_settling(made, step(made)) == expected


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"notices": {1: replace(NOTICE, live=False)}}, "notice_superseded"),
        ({"entries": {2: replace(ENTRY, live=False)}}, "entry_withdrawn"),
    ],
)
def test_a_pair_of_which_a_record_counts_no_longer_ends_and_says_why(change: dict[str, Any], why: str) -> None:
    outcome = step(state(STANDING, **change))
    assert (outcome.found, outcome.ended) == ({}, {PAIR: why})


@pytest.mark.parametrize("shared", [{}, {PAIR: {TokenKind.TELEPHONE}}])
def test_a_pair_that_has_ended_does_not_end_again(shared: dict[Any, Any]) -> None:
    gone = state(replace(STANDING, live=False), shared=shared, entries={2: replace(ENTRY, live=False)})
    outcome = step(gone)
    assert (outcome.found, outcome.ended) == ({}, {})
