from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from schemas.codes import Connection, ServiceStatus
from services.ingest.reading.drafts import Draft, EntryFacts, RecordKind
from services.ingest.reading.outcomes import Issue, Outcome
from services.ingest.reading.stamps import exact
from services.ingest.recording.rules.step import Keyed, Plan, Recorded, plan
from services.ingest.recording.rules.ties import VersionRisk

KEY, OTHER_KEY = b"k" * 16, b"o" * 16
FLAG = Issue("cli", "odd", "The number is odd.", "Mend it.")


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 9, tzinfo=UTC)


def version(
    row: int, day: int, content: bytes, *, key: bytes = KEY, issues: tuple[Issue, ...] = ()
) -> Keyed[EntryFacts]:
    facts = EntryFacts(ServiceStatus.ACTIVE, Connection.UNKNOWN, None, False, None)
    draft = Draft(row, "e1", exact(at(day)), facts, values=(), content=content, private=b"{}", issues=issues)
    return Keyed(key, content.ljust(16), draft)


def recorded(day: int, content: bytes, *, live: bool = True) -> dict[bytes, Recorded]:
    stamp, risk = exact(at(day)), VersionRisk("active")
    return {KEY: Recorded(pk=7, revision=3, stamp=stamp, digest=content.ljust(16), risk=risk, withdrawn=not live)}


def planned(keyed: Iterable[Keyed[EntryFacts]], known: dict[bytes, Recorded]) -> Plan[EntryFacts]:
    return plan(RecordKind.ENTRY, keyed, known, lambda _record: {})


def outcomes(made: Plan[Any]) -> dict[int, Outcome]:
    return {one.row: one.outcome for one in made.outcomes}


def test_what_was_never_seen_is_new() -> None:
    made = planned([version(1, 1, b"a"), version(2, 1, b"a", key=OTHER_KEY)], {})
    assert [one.key for one in made.new] == [KEY, OTHER_KEY]
    assert outcomes(made) == {1: Outcome.ACCEPTED, 2: Outcome.ACCEPTED}


def test_a_flagged_row_is_taken_with_its_warning() -> None:
    made = planned([version(1, 1, b"a", issues=(FLAG,))], {})
    assert [(one.outcome, one.issues) for one in made.outcomes] == [(Outcome.WARNED, (FLAG,))]


@pytest.mark.parametrize(
    ("sent", "known", "outcome", "newer", "confirmed"),
    [
        (version(1, 2, b"b"), recorded(1, b"a"), Outcome.ACCEPTED, 1, 0),
        (version(1, 1, b"b"), recorded(2, b"a"), Outcome.STALE, 0, 0),
        (version(1, 1, b"a"), recorded(1, b"a"), Outcome.UNCHANGED, 0, 0),
        (version(1, 2, b"a"), recorded(1, b"a"), Outcome.UNCHANGED, 0, 1),
        (version(1, 1, b"a"), recorded(2, b"a"), Outcome.UNCHANGED, 0, 0),
        (version(1, 1, b"b"), recorded(1, b"a"), Outcome.ACCEPTED, 1, 0),
        (version(1, 1, b"a"), recorded(1, b"b"), Outcome.ACCEPTED, 1, 0),
        (version(1, 2, b"a"), recorded(1, b"a", live=False), Outcome.ACCEPTED, 1, 0),
        (version(1, 1, b"a"), recorded(1, b"a", live=False), Outcome.ACCEPTED, 1, 0),
        (version(1, 1, b"a"), recorded(2, b"a", live=False), Outcome.STALE, 0, 0),
    ],
)
def test_a_version_is_ranked_by_its_time_and_then_by_its_receipt(
    sent: Keyed[EntryFacts], known: dict[bytes, Recorded], outcome: Outcome, newer: int, confirmed: int
) -> None:
    made = planned([sent], known)
    assert outcomes(made) == {1: outcome}
    assert (len(made.new), len(made.newer), len(made.confirmed)) == (0, newer, confirmed)


def test_the_same_versions_in_any_order_leave_the_same_record() -> None:
    versions = [version(1, 1, b"a"), version(2, 3, b"b"), version(3, 2, b"c"), version(4, 4, b"d")]
    kept = {planned(order, {}).new[0].draft.row for order in permutations(versions)}
    assert kept == {4}


def test_every_row_has_one_outcome_however_often_a_reference_is_repeated() -> None:
    made = planned([version(row, 1 + row % 3, b"abc"[row % 2 :]) for row in range(1, 9)], {})
    assert sorted(outcomes(made)) == list(range(1, 9))
    assert len(made.outcomes) == 8
    assert len(made.new) == 1
