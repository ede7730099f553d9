from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from services.alerts.delivery.channels.port import SendOutcome
from services.storage.tables import alert_cases, deliveries, delivery_attempts


class LinkHashes(NamedTuple):
    # The codes are stored nowhere.
    acknowledge: bytes
    changes: bytes


def insert_attempt(
    connection: Connection, delivery_pk: int, number: int, now: datetime, deadline: datetime, hashes: LinkHashes
) -> None:
    links = {"acknowledge_hash": hashes.acknowledge, "changes_hash": hashes.changes}
    connection.execute(
        insert(delivery_attempts).values(
            delivery_pk=delivery_pk, number=number, started_at=now, deadline_at=deadline, **links
        )
    )


def end_attempt(
    connection: Connection, delivery_pk: int, number: int, outcome: str, reason: str, now: datetime
) -> None:
    # A late outcome replaces IN_DOUBT, which may have been recorded in its place.
    attempt = delivery_attempts.c
    _end(connection, (attempt.delivery_pk == delivery_pk, attempt.number == number), outcome, reason, now)


def doubt_attempt(connection: Connection, delivery_pk: int, number: int, reason: str, now: datetime) -> None:
    # An attempt whose outcome is known does not change.
    attempt = delivery_attempts.c
    unknown = (attempt.delivery_pk == delivery_pk, attempt.number == number, attempt.ended_at.is_(None))
    _end(connection, unknown, SendOutcome.IN_DOUBT.value, reason, now)


def doubt_attempts(connection: Connection, delivery_pk: int, reason: str, now: datetime) -> None:
    attempt = delivery_attempts.c
    unknown = (attempt.delivery_pk == delivery_pk, attempt.ended_at.is_(None))
    _end(connection, unknown, SendOutcome.IN_DOUBT.value, reason, now)


def first_attempt_at(connection: Connection, delivery_pk: int) -> datetime | None:
    attempt = delivery_attempts.c
    query = select(func.min(attempt.started_at)).where(attempt.delivery_pk == delivery_pk)
    found: datetime | None = connection.scalar(query)
    return found


def attempt_at(connection: Connection, delivery_pk: int, number: int) -> datetime | None:
    attempt = delivery_attempts.c
    query = select(attempt.started_at).where(attempt.delivery_pk == delivery_pk, attempt.number == number)
    found: datetime | None = connection.scalar(query)
    return found


def last_doubtful_attempt_at(connection: Connection, delivery_pk: int) -> datetime | None:
    attempt = delivery_attempts.c
    doubtful = (attempt.delivery_pk == delivery_pk, attempt.outcome == SendOutcome.IN_DOUBT.value)
    found: datetime | None = connection.scalar(select(func.max(attempt.started_at)).where(*doubtful))
    return found


def cases_in_doubt(connection: Connection, delivery_pks: Collection[int]) -> set[int]:
    attempt = delivery_attempts.c
    query = (
        select(alert_cases.c.case_pk)
        .join_from(delivery_attempts, deliveries, deliveries.c.pk == attempt.delivery_pk)
        .join(alert_cases, alert_cases.c.alert_pk == deliveries.c.alert_pk)
        .where(attempt.delivery_pk.in_(delivery_pks), attempt.outcome == SendOutcome.IN_DOUBT.value)
    )
    return set(connection.scalars(query))


def _end(
    connection: Connection, which: tuple[ColumnElement[bool], ...], outcome: str, reason: str, now: datetime
) -> None:
    connection.execute(update(delivery_attempts).where(*which).values(ended_at=now, outcome=outcome, reason=reason))
