from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from services.audit.checks.alerts import alert_differences
from services.audit.checks.cases import case_differences
from services.audit.checks.drills import drill_differences
from services.audit.checks.recorded_days import recorded_day_differences
from services.audit.checks.records import record_differences
from services.audit.checks.upkeep import upkeep_differences
from services.audit.figures.counting import Count, First
from services.audit.figures.months import Month, read_month
from services.audit.month_end import recount
from services.audit.store import closed_months, kept, kept_months
from services.core.differences import NOT_THERE, Difference
from services.storage.store import Store


def audit_differences(connection: Connection, store: Store) -> Iterator[Difference]:
    yield from upkeep_differences(connection)
    yield from _of_figures(connection)
    yield from case_differences(connection)
    yield from recorded_day_differences(connection, store)
    yield from alert_differences(connection)
    yield from drill_differences(connection)
    yield from record_differences(connection)


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


def _number(counts: Mapping[Count, int], count: Count) -> str:
    return str(counts.get(count, NOT_THERE))
