"""Finds data that was changed by hand.

Recounts the stored figures from the audit, and compares the state of each case with the audit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from services.audit.figures.counting import CASE_ACTIONS, Count, First, replay_cases
from services.audit.figures.months import Month, read_month
from services.audit.month_end import recount
from services.audit.store import closed_months, kept, kept_months, recorded_actions, standings_on_record

NOT_THERE = "not there"


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure or a case whose stored value differs from the value that the audit gives."""

    # A figure with its month, table and key, or a case by its reference.
    what: str
    on_record: str
    by_the_audit: str


def audit_differences(connection: Connection) -> Iterator[Difference]:
    """Yield every figure and every case that differs from the audit."""
    yield from _of_figures(connection)
    yield from _of_cases(connection)


def _of_figures(connection: Connection) -> Iterator[Difference]:
    closed = closed_months(connection)
    # The month end writes a stock-taking row to the audit. Without that row, something else wrote the figures.
    for name in sorted(kept_months(connection) - closed):
        yield Difference(f"figures of {name}", "kept", "never closed")
    # Shared by all months, because a first act is counted in one month only.
    seen: set[First] = set()
    for name in sorted(closed):
        yield from _of_month(connection, read_month(name), seen)


def _of_month(connection: Connection, month: Month, seen: set[First]) -> Iterator[Difference]:
    on_record, counted = kept(connection, month), recount(connection, month, seen)
    # The keys of both sides, so that added and removed rows are found too.
    for count in sorted(on_record.keys() | counted.keys()):
        if on_record.get(count) != counted.get(count):
            yield Difference(f"{month} {' '.join(count).strip()}", _number(on_record, count), _number(counted, count))


def _of_cases(connection: Connection) -> Iterator[Difference]:
    # Replays every case from its first row, so it takes time in proportion to the whole audit.
    on_record = standings_on_record(connection)
    replayed = replay_cases(recorded_actions(connection, CASE_ACTIONS))
    by_the_audit = {reference: standing.state for reference, standing in replayed.items()}
    for reference in sorted(on_record.keys() | by_the_audit.keys()):
        is_now, told = on_record.get(reference, NOT_THERE), by_the_audit.get(reference, NOT_THERE)
        if is_now != told:
            yield Difference(f"case {reference}", is_now, told)


def _number(counts: Mapping[Count, int], count: Count) -> str:
    return str(counts.get(count, NOT_THERE))
