from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from services.audit.figures.months import Month, read_month
from services.audit.figures.publishing import MonthShown, shown
from services.audit.store import kept, kept_months
from services.storage.feeds import list_feeds


def complete_months(connection: Connection) -> list[Month]:
    return [read_month(name) for name in sorted(kept_months(connection))]


def read_months(connection: Connection, months: Iterable[Month]) -> list[MonthShown]:
    # Small counts are withheld.
    return [MonthShown(month, shown(kept(connection, month))) for month in months]


def names(connection: Connection) -> Mapping[str, str]:
    return {feed.code: feed.name for feed in list_feeds(connection)}
