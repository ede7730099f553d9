"""Tells the operator of Pullcord when an event had to be set aside: a line at risk may be unknown until they act.

It is an alert like any other, with deliveries and outcomes, and speaks of no case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert

from services.alerts.delivery.queue import OPERATOR_FEED, OPERATOR_TIER, intend_deliveries, record_unreachable
from services.alerts.message.message import Message, template
from services.alerts.policy.policy import Contact
from services.core.audit import AuditAction
from services.core.ids import reference
from services.storage.audit import AuditRow, write_audit
from services.storage.events.quarantine import list_quarantine, to_tell_of
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.tables import alerts

REASON = "events_set_aside"
REPEAT = timedelta(hours=24)
"""How often the operator is told again while something is still set aside (policy of the deployment)."""


def alert_operator(store: Store, contacts: Sequence[Contact], now: datetime) -> int:
    """Intend an alert to the operator if something is set aside that they are to be told of; returns 1 if so."""
    with store.writing() as connection:
        if not to_tell_of(connection, now, REPEAT):
            return 0
        _intend(connection, store, contacts, now)
    return 1


def operator_message(connection: Connection, alert: str) -> Message | None:
    """What the operator is told now; None when nothing is set aside any more."""
    events = list_quarantine(connection)
    if not events:
        return None
    count = "1 event was" if len(events) == 1 else f"{len(events)} events were"
    context = {"count": count, "events": events[:20], "more": max(0, len(events) - 20), "alert": alert}
    subject = f"Pullcord: {count} set aside, a line at risk may be unknown [{alert}]"
    return Message(subject, template("operator.txt.j2", context), template("operator.html.j2", context))


def _intend(connection: Connection, store: Store, contacts: Sequence[Contact], now: datetime) -> None:
    (pk,) = allocate_ids(connection, "alerts", 1)
    alert = reference("A", store.random)
    row = {"pk": pk, "reference": alert, "feed_id": OPERATOR_FEED, "threshold": 0, "reason": REASON, "cases": 0}
    connection.execute(insert(alerts).values(**row, created_at=now))
    intend_deliveries(connection, store, pk, [(OPERATOR_TIER, contact) for contact in contacts], now)
    fields = {"alert": alert, "threshold": 0, "reason": REASON, "cases": 0, "deliveries": len(contacts)}
    write_audit(connection, store.vault, [AuditRow(AuditAction.ALERT_INTENDED, fields, subject=alert)], now)
    if not contacts:
        record_unreachable(connection, store, None, alert, 0, now)
