from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

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
    """Return the SQL condition that the alert of an `alert_cases` row still covers the case.

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


def most_urgent_since(connection: Connection, alert_pk: int) -> dict[int, int]:
    # Returns, by case id, the most urgent threshold (fewest days) of the later alerts that named the case.
    row = alert_cases.c
    # Ids rise with time, so a later alert has a higher id.
    later = select(row.case_pk, func.min(row.threshold)).where(
        row.alert_pk > alert_pk, row.case_pk.in_(select(row.case_pk).where(row.alert_pk == alert_pk))
    )
    return {pk: least for pk, least in connection.execute(later.group_by(row.case_pk))}  # noqa: C416 - rows are no pairs to dict()


def mark_acknowledged(connection: Connection, alert_pk: int, now: datetime) -> None:
    connection.execute(update(alerts).where(alerts.c.pk == alert_pk).values(acknowledged_at=now))
