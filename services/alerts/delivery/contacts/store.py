from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from services.alerts.delivery.delivery import OPERATOR_TIER, DeliveryState
from services.storage.dialect import upsert
from services.storage.tables import alerts, contact_verifications, deliveries, delivery_attempts, feeds

_ROW = contact_verifications.c


class Verification(NamedTuple):
    # None if no code is waiting.
    nonce: bytes | None
    expires_at: datetime | None
    tries: int
    verified_at: datetime | None
    alert_pk: int | None  # the message that carries the code, if it went into the queue
    test_alert_pk: int | None  # the last test message that went into the queue


class CodeRow(NamedTuple):
    contact_key: bytes
    # The name of the council.
    council: str


class CheckRow(NamedTuple):
    asked_at: datetime
    # The state of the delivery that carried the message.
    state: str
    reason: str | None


def find_verification(connection: Connection, key: bytes, *, lock: bool = False) -> Verification | None:
    asked = (_ROW.nonce, _ROW.expires_at, _ROW.tries, _ROW.verified_at, _ROW.alert_pk, _ROW.test_alert_pk)
    query = select(*asked).where(_ROW.contact_key == key)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else Verification(*row)


def verified_keys(connection: Connection, keys: Collection[bytes]) -> frozenset[bytes]:
    query = select(_ROW.contact_key).where(_ROW.contact_key.in_(keys), _ROW.verified_at.is_not(None))
    return frozenset(bytes(key) for key in connection.scalars(query))


def write_code(
    connection: Connection, key: bytes, feed_id: str, nonce: bytes, expires_at: datetime, alert_pk: int | None
) -> None:
    # A verified contact stays verified.
    written = {"nonce": nonce, "expires_at": expires_at, "tries": 0, "alert_pk": alert_pk}
    values = {"contact_key": key, "feed_id": feed_id, **written}
    connection.execute(upsert(connection, contact_verifications, ("contact_key",), tuple(written)), values)


def count_try(connection: Connection, key: bytes) -> None:
    connection.execute(update(contact_verifications).where(_ROW.contact_key == key).values(tries=_ROW.tries + 1))


def write_verified(connection: Connection, key: bytes, feed_id: str, at: datetime) -> None:
    # The waiting code ends, because a code works once.
    written = {"nonce": None, "expires_at": None, "tries": 0, "verified_at": at}
    values = {"contact_key": key, "feed_id": feed_id, **written}
    connection.execute(upsert(connection, contact_verifications, ("contact_key",), tuple(written)), values)


def write_test(connection: Connection, key: bytes, feed_id: str, alert_pk: int) -> None:
    values = {"contact_key": key, "feed_id": feed_id, "tries": 0, "test_alert_pk": alert_pk}
    connection.execute(upsert(connection, contact_verifications, ("contact_key",), ("test_alert_pk",)), values)


def council_of_code(connection: Connection, alert_pk: int) -> CodeRow | None:
    query = select(_ROW.contact_key, feeds.c.name).join_from(
        contact_verifications, feeds, feeds.c.feed_id == _ROW.feed_id
    )
    row = connection.execute(query.where(_ROW.alert_pk == alert_pk)).one_or_none()
    return None if row is None else CodeRow(bytes(row.contact_key), row.name)


def find_check(connection: Connection, alert_pk: int) -> CheckRow | None:
    row, attempt = deliveries.c, delivery_attempts.c
    query = (
        select(row.created_at, row.state, attempt.reason)
        .join_from(deliveries, delivery_attempts, attempt.delivery_pk == row.pk, isouter=True)
        .where(row.alert_pk == alert_pk)
        .order_by(attempt.number.desc())
        .limit(1)
    )
    found = connection.execute(query).one_or_none()
    return None if found is None else CheckRow(*found)


class WaitingAddress(NamedTuple):
    pk: int
    alert_pk: int
    reference: str
    tier: str
    contact: str
    channel: str
    address_sealed: bytes


def waiting_addresses(connection: Connection, feed_id: str) -> list[WaitingAddress]:
    row = deliveries.c
    asked = (row.pk, row.alert_pk, alerts.c.reference, row.tier, row.contact, row.channel, row.address_sealed)
    query = (
        select(*asked)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(alerts.c.feed_id == feed_id, row.due_at.is_not(None), row.tier != OPERATOR_TIER)
        .order_by(row.alert_pk, row.pk)
    )
    return [WaitingAddress(*found) for found in connection.execute(query)]


def people_of_alert(connection: Connection, alert_pk: int) -> frozenset[str]:
    row = deliveries.c
    gone = (DeliveryState.NOT_NEEDED.value, DeliveryState.GIVEN_UP.value)
    query = select(row.contact).where(row.alert_pk == alert_pk, row.state.not_in(gone))
    return frozenset(connection.scalars(query))
