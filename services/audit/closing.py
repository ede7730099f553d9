"""Closes a month: takes stock, counts, and keeps the figures. A month is closed once, soon after it has ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from services.audit.counting import Counts, add, count_month, replay
from services.audit.figures import Figure
from services.audit.months import Month, month_of, months_between
from services.audit.store import (
    CASE_WORDS,
    acknowledged_before,
    feeds_heard,
    first_month,
    identified,
    keep,
    kept_months,
    registers,
    said,
    said_of_month,
)
from services.core.audit import AuditWord
from services.storage.audit import AuditRow, write_audit
from services.storage.dialect import try_exclusive
from services.storage.store import Store

SETTLED = timedelta(minutes=10)
"""After the end of a month, so long until all that happened in it has been committed."""

IN_TIME = timedelta(days=3)
"""What the records say of registers, feeds and matches is taken as their stock at the end of a month for so long."""

EXCLUSIVE = 19
"""The lock under which one process at a time closes months."""


@dataclass(frozen=True)
class Closer:
    """Closes months. `unsafe` are the states of a case in which nobody is yet safe."""

    store: Store
    unsafe: Collection[str]

    def run_once(self) -> int:
        """Close the first month that is over and not closed; returns how many were closed. Call again until it is 0."""
        now = self.store.now()
        with self.store.processing() as connection:
            if not try_exclusive(connection, EXCLUSIVE):
                return 0
            month = _next(connection, now)
            if month is None:
                return 0
            rows = _stock(connection, month, self.unsafe, now)
            write_audit(connection, self.store.vault, rows, now)
            keep(connection, month, recount(connection, month))
        return 1


def recount(connection: Connection, month: Month) -> Counts:
    """The figures of a month, counted from the audit and nothing else."""
    return count_month(said_of_month(connection, month), acknowledged_before(connection, month.begins))


def month_to_date(connection: Connection, month: Month, unsafe: Collection[str]) -> Counts:
    """The figures of a month that has not been closed, as they stand now; nothing is kept."""
    counts = recount(connection, month)
    counts.update(_cases_standing(connection, month, unsafe))
    for more in _recorded(connection, month):
        counts.update(more)
    return counts


def _next(connection: Connection, now: datetime) -> Month | None:
    first = first_month(connection)
    current = month_of(now - SETTLED)
    if first is None or first >= current:
        return None
    done = kept_months(connection)
    return next((month for month in months_between(first, current) if month < current and str(month) not in done), None)


def _stock(connection: Connection, month: Month, unsafe: Collection[str], now: datetime) -> list[AuditRow]:
    taken = _cases_standing(connection, month, unsafe)
    if now - month.ends <= IN_TIME:
        for counts in _recorded(connection, month):
            taken.update(counts)
    by_figure: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for (figure, dimension, key), number in sorted(taken.items()):
        by_figure[figure].append((dimension, key, number))
    return [
        AuditRow(AuditWord.STOCK_TAKEN, {"month": str(month), "figure": figure, "counts": counts}, subject=str(month))
        for figure, counts in by_figure.items()
    ]


def _recorded(connection: Connection, month: Month) -> tuple[Counts, ...]:
    return registers(connection, month), feeds_heard(connection, month), identified(connection)


def _cases_standing(connection: Connection, month: Month, unsafe: Collection[str]) -> Counts:
    """How the cases stood at the end of a month, by what the audit had said of them until then."""
    counts = Counts()
    for standing in replay(said(connection, CASE_WORDS, until=month.ends)).values():
        if standing.state not in unsafe:
            continue
        add(counts, Figure.CASES_OPEN, standing.council, standing.providers, standing.state)
        if standing.harm_on is not None and standing.harm_on <= month.last_day:
            add(counts, Figure.PAST_DATE_UNCONFIRMED, standing.council, standing.providers)
    return counts
