from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, exists, select, update

from services.core.errors import NotFoundError
from services.storage.dialect import among
from services.storage.tables import alert_cases, alerts, cases


class FoundAlert(NamedTuple):
    pk: int
    council: str
    created_at: datetime
    reference: str


def find_alert(connection: Connection, reference: str, feed_id: str | None = None) -> FoundAlert:
    """Raises NotFoundError if there is no such alert."""
    row = alerts.c
    # People type references by hand, so blanks around a reference and small letters are accepted.
    columns = (row.pk, row.feed_id, row.created_at, row.reference)
    query = select(*columns).where(row.reference == reference.strip().upper())
    if feed_id is not None:
        query = query.where(alerts.c.feed_id == feed_id)
    found = connection.execute(query).one_or_none()
    if found is None:
        raise NotFoundError("there is no alert with this reference")
    return FoundAlert(*found)


def covers() -> ColumnElement[bool]:
    """Return the SQL condition for rows of `alert_cases` whose alert still covers the case.

    An alert covers a case until there is news about the case, or until a later and more urgent alert names the case.
    The query must join `cases`.
    """
    row, later = alert_cases.c, alert_cases.alias().c
    # Ids rise with time, so a later alert has a higher id. A lower threshold (days before the harm) is more urgent.
    more_urgent = (later.case_pk == row.case_pk) & (later.alert_pk > row.alert_pk) & (later.threshold < row.threshold)
    # `facts` counts the news about a case, so an alert from before the last news has a lower number.
    return (row.facts == cases.c.facts) & ~exists().where(more_urgent)


def covered_cases(connection: Connection, alert_pk: int, case_pks: Collection[int]) -> set[int]:
    row = alert_cases.c
    query = select(row.case_pk).join(cases, cases.c.pk == row.case_pk).where(row.alert_pk == alert_pk, covers())
    return set(connection.scalars(query.where(among(connection, row.case_pk, case_pks))))


def named_later(alert_pk: int) -> Select[tuple[int]]:
    """Select the alert's cases that a later alert names too."""
    mine = alert_cases.alias("mine")
    # Ids rise with time, so a later alert has a higher id.
    same = (alert_cases.c.case_pk == mine.c.case_pk) & (alert_cases.c.alert_pk > mine.c.alert_pk)
    return select(alert_cases.c.case_pk).join(mine, same).where(mine.c.alert_pk == alert_pk)


def cases_in_later_alerts(connection: Connection, alert_pk: int) -> frozenset[int]:
    return frozenset(connection.scalars(named_later(alert_pk)))


def mark_acknowledged(connection: Connection, alert_pk: int, now: datetime) -> None:
    connection.execute(update(alerts).where(alerts.c.pk == alert_pk).values(acknowledged_at=now))
