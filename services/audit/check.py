"""Finds what was altered by hand: counts the kept figures again from the audit, and holds the cases against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from services.audit.figures.counting import CASE_WORDS, Count, First, replay
from services.audit.figures.months import Month, read_month
from services.audit.month_end import recount
from services.audit.store import closed_months, kept, kept_months, said, standings_on_record

NOT_THERE = "not there"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as the audit says."""

    what: str
    """A figure with its month and place, or a case by its reference."""
    on_record: str
    by_the_audit: str


def differences(connection: Connection) -> Iterator[Difference]:
    """Every kept figure and every case that the audit does not bear out."""
    yield from _of_figures(connection)
    yield from _of_cases(connection)


def _of_figures(connection: Connection) -> Iterator[Difference]:
    closed = closed_months(connection)
    for name in sorted(kept_months(connection) - closed):
        yield Difference(f"figures of {name}", "kept", "never closed")
    seen: set[First] = set()
    for name in sorted(closed):
        yield from _of_month(connection, read_month(name), seen)


def _of_month(connection: Connection, month: Month, seen: set[First]) -> Iterator[Difference]:
    on_record, counted = kept(connection, month), recount(connection, month, seen)
    for count in sorted(on_record.keys() | counted.keys()):
        if on_record.get(count) != counted.get(count):
            yield Difference(f"{month} {' '.join(count).strip()}", _number(on_record, count), _number(counted, count))


def _of_cases(connection: Connection) -> Iterator[Difference]:
    on_record = standings_on_record(connection)
    by_the_audit = {reference: standing.state for reference, standing in replay(said(connection, CASE_WORDS)).items()}
    for reference in sorted(on_record.keys() | by_the_audit.keys()):
        is_now, told = on_record.get(reference, NOT_THERE), by_the_audit.get(reference, NOT_THERE)
        if is_now != told:
            yield Difference(f"case {reference}", is_now, told)


def _number(counts: Mapping[Count, int], count: Count) -> str:
    return str(counts.get(count, NOT_THERE))
