"""Closes a month: takes stock, counts, and keeps the figures. A month is closed once, soon after it has ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from services.audit.figures.counting import CASE_WORDS, Counts, Dimension, First, add, count_month, replay
from services.audit.figures.figures import DEFINITIONS, Figure, Kind
from services.audit.figures.months import Month, month_of, months_from
from services.audit.store import (
    agreements,
    closed_months,
    feeds_heard,
    first_month,
    firsts_before,
    identified,
    keep,
    registers,
    said,
    said_of_month,
)
from services.core.audit import AuditAction
from services.core.clock import london_day
from services.storage.audit import AuditRow, write_audit
from services.storage.dialect import Exclusive, try_exclusive
from services.storage.store import Store

SETTLED = timedelta(minutes=10)
"""After the end of a month, so long until all that happened in it has been committed."""

IN_TIME = timedelta(days=3)
"""What the records say of registers, feeds and matches is taken as their stock at the end of a month for so long."""

CONFIRMED_BEFORE_IT_MOVED = "migrated"
"""The state of a case that owes a test call, though its day may have passed: somebody had confirmed it in time."""

OF_CASES = (Figure.CASES_OPEN, Figure.PAST_DATE_UNCONFIRMED)
"""Stocks that the audit tells of any moment."""

OF_RECORDS = (Figure.REGISTER_ENTRIES, Figure.AGREEMENTS, Figure.FEEDS, Figure.IDENTIFICATION)
"""Stocks that the records tell of the present only."""


@dataclass(frozen=True)
class MonthEnd:
    """Closes months. `unsafe` are the states of a case in which nobody is yet safe."""

    store: Store
    unsafe: Collection[str]

    def run_once(self) -> int:
        """Close the first month that is over and not closed; returns how many were closed. Call again until it is 0."""
        now = self.store.now()
        with self.store.processing() as connection:
            if not try_exclusive(connection, Exclusive.CLOSING):
                return 0
            month = _next(connection, now)
            if month is None:
                return 0
            rows = _stock(connection, month, self.unsafe, now)
            write_audit(connection, self.store.vault, rows, now)
            keep(connection, month, recount(connection, month))
        return 1


def recount(connection: Connection, month: Month, seen: set[First] | None = None) -> Counts:
    """The figures of a month, counted from the audit and nothing else.

    A stock that was not taken is not among them: nobody knows it, so it is not zero. `seen` are the firsts of the
    months before, where the caller has them; this month's join them.
    """
    before = firsts_before(connection, month.begins) if seen is None else seen
    counts = count_month(said_of_month(connection, month), before)
    for definition in DEFINITIONS:
        if definition.kind is not Kind.STOCK:
            counts.setdefault((definition.figure.value, Dimension.TOTAL.value, ""), 0)
    return counts


def month_to_date(connection: Connection, month: Month, unsafe: Collection[str], now: datetime) -> Counts:
    """The figures of a month that is not over, as they stand now; nothing is kept."""
    counts = recount(connection, month)
    counts.update(_stock_of_cases(connection, unsafe, month.ends, now))
    counts.update(_stock_of_records(connection, month.ends, now))
    return counts


def _next(connection: Connection, now: datetime) -> Month | None:
    """The first month that is over and not closed."""
    first = first_month(connection)
    if first is None:
        return None
    done = closed_months(connection)
    month = next(one for one in months_from(first) if str(one) not in done)
    return month if month < month_of(now - SETTLED) else None


def _stock(connection: Connection, month: Month, unsafe: Collection[str], now: datetime) -> list[AuditRow]:
    taken = _stock_of_cases(connection, unsafe, month.ends, month.ends)
    if now - month.ends <= IN_TIME:
        taken.update(_stock_of_records(connection, month.ends, month.ends))
    by_figure: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for (figure, dimension, key), number in sorted(taken.items()):
        by_figure[figure].append((dimension, key, number))
    return [
        AuditRow(AuditAction.STOCK_TAKEN, {"month": str(month), "figure": figure, "counts": counts}, subject=str(month))
        for figure, counts in by_figure.items()
    ]


def _stock_of_records(connection: Connection, until: datetime, moment: datetime) -> Counts:
    """What the records hold, as of a moment; of those that take part, who was there before `until`."""
    counts = _nothing_of(OF_RECORDS)
    for some in (
        registers(connection, moment),
        agreements(connection, until, moment),
        feeds_heard(connection, until, moment),
        identified(connection),
    ):
        counts.update(some)
    return counts


def _stock_of_cases(connection: Connection, unsafe: Collection[str], until: datetime, moment: datetime) -> Counts:
    """How the cases stand at a moment, by what the audit says of them that happened before `until`."""
    counts = _nothing_of(OF_CASES)
    today = london_day(moment)
    for standing in replay(said(connection, CASE_WORDS, until=until)).values():
        if standing.state not in unsafe:
            continue
        add(counts, Figure.CASES_OPEN, standing.council, standing.providers, standing.state)
        past = standing.harm_on is not None and standing.harm_on < today
        if past and standing.state != CONFIRMED_BEFORE_IT_MOVED:
            add(counts, Figure.PAST_DATE_UNCONFIRMED, standing.council, standing.providers)
    return counts


def _nothing_of(figures: Iterable[Figure]) -> Counts:
    return Counts({(figure.value, Dimension.TOTAL.value, ""): 0 for figure in figures})
