from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, exists, func, select, update

from services.alerts.policy.policy import EscalationReason
from services.core.tokens import LinkPurpose
from services.storage.tables import alerts, deliveries, delivery_attempts

_HASH: Final = {
    LinkPurpose.ACKNOWLEDGE: delivery_attempts.c.acknowledge_hash,
    # A message has one of the two. The purpose is part of the hash, so neither link opens the page of the other.
    LinkPurpose.ANSWER_DRILL: delivery_attempts.c.acknowledge_hash,
    LinkPurpose.ACCEPT_CHANGES: delivery_attempts.c.changes_hash,
}
# No message of a delivery in one of these states is on its way, or with anybody.
_NEVER_CAME: Final = ("given_up", "not_needed")
_ACCEPTED: Final = "sent"
_REVOKED: Final = alerts.c.link_revoked_at.is_not(None) | deliveries.c.link_revoked_at.is_not(None)
# A message about withdrawn notices asks for nothing, and one without cases has no link.
_ASKS: Final = (alerts.c.reason != EscalationReason.NOTICE_WITHDRAWN.value) & (alerts.c.cases > 0)
# No message goes out later than this after its alert was written. It bounds the search by an index.
_LONGEST_WAY: Final = timedelta(days=2)


class SentLink(NamedTuple):
    alert_pk: int
    alert: str  # the reference of the alert, as people see it
    council: str
    delivery: int
    tier: str
    contact: str  # the person whom the message went to
    channel: str
    address_sealed: bytes  # the address that the message went to
    sent_at: datetime  # when the attempt began, which is at most seconds before the message was sent
    revoked: bool
    reason: str  # the reason of the alert


class AlertRef(NamedTuple):
    pk: int
    reference: str


def find_sent_link(connection: Connection, purpose: LinkPurpose, alert: str, hashed: bytes) -> SentLink | None:
    row, sent = alerts.c, deliveries.c
    columns = (row.pk, row.reference, row.feed_id, sent.pk, sent.tier, sent.contact, sent.channel, sent.address_sealed)
    # One query, so that a wrong code and a missing alert take the same time.
    query = (
        select(*columns, delivery_attempts.c.started_at, _REVOKED, row.reason)
        .join_from(delivery_attempts, deliveries, sent.pk == delivery_attempts.c.delivery_pk)
        .join(alerts, row.pk == sent.alert_pk)
        .where(row.reference == alert, _HASH[purpose] == hashed)
    )
    found = connection.execute(query).one_or_none()
    return None if found is None else SentLink(*found)


def is_replaced(connection: Connection, link: SentLink) -> bool:
    row, sent = alerts.c, deliveries.c
    # A retry of an older delivery ends no link of a newer one. Several messages of one alert do not end each other.
    later = (
        select(sent.pk)
        .join_from(deliveries, alerts, row.pk == sent.alert_pk)
        .where(row.feed_id == link.council, row.created_at >= link.sent_at - _LONGEST_WAY, row.pk != link.alert_pk)
        .where(sent.pk > link.delivery, sent.contact == link.contact)
        .where(sent.state == _ACCEPTED, sent.settled_at >= link.sent_at)
        .where(_ASKS)
    )
    return bool(connection.scalar(select(later.exists())))


def alerts_replaced_by(connection: Connection, link: SentLink, since: datetime) -> list[AlertRef]:
    """Return the earlier alerts that the message with this link replaces, the newest alert first.

    The link is for one contact. An alert that this contact had before `since` is left out.
    """
    row, sent = alerts.c, deliveries.c
    query = (
        select(row.pk, row.reference)
        .distinct()
        .join_from(deliveries, alerts, row.pk == sent.alert_pk)
        .where(row.feed_id == link.council, row.created_at >= since - _LONGEST_WAY, row.pk != link.alert_pk, _ASKS)
        .where(
            sent.pk < link.delivery,
            sent.contact == link.contact,
            sent.state == _ACCEPTED,
            sent.settled_at >= since,
            ~_REVOKED,
        )
    )
    return [AlertRef(*found) for found in connection.execute(query.order_by(row.pk.desc()))]


def mark_alert_revoked(connection: Connection, alert_pk: int, now: datetime) -> bool:
    """Return False if the links were already revoked."""
    row = alerts.c
    done = connection.execute(
        update(alerts).where(row.pk == alert_pk, row.link_revoked_at.is_(None)).values(link_revoked_at=now)
    )
    return done.rowcount > 0


def mark_deliveries_revoked(connection: Connection, alert_pk: int, contact: str, now: datetime) -> Sequence[int]:
    row = deliveries.c
    of_contact = (row.alert_pk == alert_pk, row.contact == contact, row.link_revoked_at.is_(None))
    pks = connection.scalars(select(row.pk).where(*of_contact).order_by(row.pk)).all()
    connection.execute(update(deliveries).where(row.pk.in_(pks)).values(link_revoked_at=now))
    return pks


def count_messages(connection: Connection, alert_pk: int, contact: str) -> int:
    row = deliveries.c
    return connection.scalar(select(func.count()).where(row.alert_pk == alert_pk, row.contact == contact)) or 0


def has_link(connection: Connection, alert_pk: int) -> bool:
    row = deliveries.c
    live = (row.alert_pk == alert_pk, row.link_revoked_at.is_(None), row.state.not_in(_NEVER_CAME))
    return bool(connection.scalar(select(exists().where(*live))))


def alerts_with_links(connection: Connection, feed_id: str, contact: str | None) -> Sequence[str]:
    row, sent = alerts.c, deliveries.c
    with_links = (row.feed_id == feed_id, row.cases > 0, row.link_revoked_at.is_(None))
    query = select(row.reference).where(*with_links).order_by(row.pk)
    if contact is not None:
        live = exists().where(sent.alert_pk == row.pk, sent.contact == contact, sent.link_revoked_at.is_(None))
        query = query.where(live)
    return connection.scalars(query).all()
