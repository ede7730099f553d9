from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from services.audit.figures.counting import (
    CASE_ACTIONS,
    Counts,
    Dimension,
    First,
    add_counts,
    count_month,
    replay_cases,
)
from services.audit.figures.figures import DEFINED, DEFINITIONS, Figure, Kind
from services.audit.figures.months import Month, month_of, months_from
from services.audit.store import (
    agreements,
    closed_months,
    feeds_heard,
    first_month,
    firsts_before,
    identified,
    keep,
    recorded_actions,
    recorded_actions_of_month,
    registers,
)
from services.core.audit import AuditAction
from services.core.clock import london_day
from services.storage.audit import AuditRow, write_audit
from services.storage.dialect import Exclusive, try_exclusive
from services.storage.store import Store

# The wait after the end of a month, until every transaction that began in it has committed.
SETTLED = timedelta(minutes=10)

# Records show only the present. Within this time after a month's end, they still count as the stock of that month.
IN_TIME = timedelta(days=3)

# A case in this state still needs a test call. It was confirmed in time, so it is not past its date.
CONFIRMED_BEFORE_IT_MOVED = "migrated"

# Stocks that the audit can give for any moment.
OF_CASES = (Figure.CASES_OPEN, Figure.PAST_DATE_UNCONFIRMED)

# Stocks that the records give for the present only.
OF_RECORDS = (Figure.REGISTER_ENTRIES, Figure.AGREEMENTS, Figure.FEEDS, Figure.IDENTIFICATION)


@dataclass(frozen=True)
class MonthEnd:
    store: Store
    # The case states in which the resident is not yet safe.
    unsafe: Collection[str]

    def run_once(self) -> int:
        """Close at most one month: store its figures. Return the number of closed months."""
        now = self.store.now()
        with self.store.processing() as connection:
            # If another process is closing a month, this process would store the figures twice.
            if not try_exclusive(connection, Exclusive.CLOSING):
                return 0
            month = _next(connection, now)
            if month is None:
                return 0
            rows = _stock(connection, month, self.unsafe, now)
            # Written before `recount`, which counts the stock from these rows.
            write_audit(connection, self.store.vault, rows, now)
            keep(connection, month, recount(connection, month))
        return 1


def recount(connection: Connection, month: Month, seen: set[First] | None = None) -> Counts:
    """Count the figures of a month from the audit.

    A month-end total, such as the number of open cases, is left out if the audit has no row for this total.
    """
    before = firsts_before(connection, month.begins) if seen is None else seen
    counts = count_month(recorded_actions_of_month(connection, month), before)
    for definition in DEFINITIONS:
        if definition.kind is not Kind.STOCK:
            # A flow without rows is zero, which is known. A stock without rows is unknown.
            counts.setdefault((definition.figure.value, Dimension.TOTAL.value, ""), 0)
    return counts


def month_to_date(connection: Connection, month: Month, unsafe: Collection[str], now: datetime) -> Counts:
    # Nothing is stored.
    counts = recount(connection, month)
    # The audit already has stocks of this month if a clock ran ahead and closed it: the stocks of now replace them.
    for figure, dimension, key in [one for one in counts if DEFINED[Figure(one[0])].kind is Kind.STOCK]:
        del counts[figure, dimension, key]
    counts.update(_stock_of_cases(connection, unsafe, month.ends, now))
    counts.update(_stock_of_records(connection, month.ends, now))
    return counts


def _next(connection: Connection, now: datetime) -> Month | None:
    first = first_month(connection)
    if first is None:
        return None
    done = closed_months(connection)
    # The first gap, so that months missed during an outage are closed in order.
    month = next(one for one in months_from(first) if str(one) not in done)
    # Only once the month and the settling time are over.
    return month if month < month_of(now - SETTLED) else None


def _stock(connection: Connection, month: Month, unsafe: Collection[str], now: datetime) -> list[AuditRow]:
    taken = _stock_of_cases(connection, unsafe, month.ends, month.ends)
    # After a long outage the records say nothing about that month, so these stocks stay unknown.
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
    counts = _nothing_of(OF_CASES)
    today = london_day(moment)
    # From the audit and not the cases table, which shows only the present.
    for standing in replay_cases(recorded_actions(connection, CASE_ACTIONS, until=until)).values():
        if standing.state not in unsafe:
            continue
        add_counts(counts, Figure.CASES_OPEN, standing.council, standing.providers, standing.state)
        past = standing.harm_on is not None and standing.harm_on < today
        if past and standing.state != CONFIRMED_BEFORE_IT_MOVED:
            add_counts(counts, Figure.PAST_DATE_UNCONFIRMED, standing.council, standing.providers)
    return counts


def _nothing_of(figures: Iterable[Figure]) -> Counts:
    # Zero totals mark these stocks as counted.
    return Counts({(figure.value, Dimension.TOTAL.value, ""): 0 for figure in figures})
