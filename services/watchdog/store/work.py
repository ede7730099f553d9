from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, exists, func, or_, select

from services.storage.tables import alerts, deliveries, delivery_attempts, outbox
from services.watchdog.bounds import GRACE, LATE, LONGEST_WAIT
from services.watchdog.findings import FaultKind, RecordFault

_OPEN = ("intended", "waiting", "sending")


def late_deliveries(connection: Connection, now: datetime) -> Iterator[RecordFault]:
    due = deliveries.c.due_at
    wrong = or_(due.is_(None), due < now - LATE - GRACE, due > now + LONGEST_WAIT + GRACE)
    query = (
        select(alerts.c.feed_id, func.count())
        .join_from(deliveries, alerts, alerts.c.pk == deliveries.c.alert_pk)
        .where(deliveries.c.state.in_(_OPEN), wrong)
        .group_by(alerts.c.feed_id)
        .order_by(alerts.c.feed_id)
    )
    for feed_id, count in connection.execute(query):
        yield RecordFault(FaultKind.DELIVERY_LATE, feed_id, count=count)


def sent_without_attempt(connection: Connection) -> Iterator[RecordFault]:
    """Yield a fault for each council with alerts marked as accepted, although no attempt can have sent them."""
    attempt = delivery_attempts.c
    tried = exists().where(
        deliveries.c.alert_pk == alerts.c.pk,
        attempt.delivery_pk == deliveries.c.pk,
        # A message in doubt may have been accepted.
        attempt.outcome.in_(("sent", "in_doubt")),
    )
    query = select(alerts.c.feed_id, func.count()).where(alerts.c.accepted_at.is_not(None), ~tried)
    for feed_id, count in connection.execute(query.group_by(alerts.c.feed_id).order_by(alerts.c.feed_id)):
        yield RecordFault(FaultKind.SENT_WITHOUT_ATTEMPT, feed_id, count=count)


def waiting_events(connection: Connection, now: datetime) -> Iterator[RecordFault]:
    # An event may hold the news of a line at risk.
    row = outbox.c
    late = row.created_at < now - LATE - GRACE
    count = connection.scalar(select(func.count()).where(row.published_at.is_(None), late)) or 0
    if count:
        yield RecordFault(FaultKind.EVENTS_WAITING, "", count=count)
