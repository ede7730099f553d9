"""Alerts the operator of Pullcord about quarantined events. Until the operator acts, a line at risk may be unknown.

Such an alert has deliveries and outcomes like any other alert, but no cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from services.alerts.delivery.delivery import OPERATOR_FEED, OPERATOR_TIER
from services.alerts.delivery.queue import intend_deliveries, record_unreachable
from services.alerts.delivery.store.alerts import Alert, insert_alert
from services.alerts.message.message import Message, template
from services.alerts.policy.policy import Contact
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.storage.audit import AuditRow
from services.storage.damage import VAULT
from services.storage.events.quarantine import count_to_report, list_quarantine
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

REASON = "events_set_aside"
# If events are still quarantined after this time, the operator is alerted again (policy of the deployment).
REPEAT = timedelta(hours=24)


def alert_operator(store: Store, contacts: Sequence[Contact], now: datetime) -> int:
    """Write an alert to the operator if quarantined events must be reported. Return the number of alerts: 0 or 1."""
    with store.writing() as connection:
        if not count_to_report(connection, now, REPEAT):
            return 0
        _intend(UnitOfWork(connection, store, now), contacts)
    return 1


def operator_message(connection: Connection, alert: str) -> Message | None:
    # The message is built when it is sent. It is None if somebody has dealt with the events by then.
    events = list_quarantine(connection)
    if not events:
        return None
    count = "1 event was" if len(events) == 1 else f"{len(events)} events were"
    # The mail lists the first 20 events and gives the number of the others.
    context = {
        "count": count,
        "events": events[:20],
        "more": max(0, len(events) - 20),
        "alert": alert,
        "damaged": any(event.consumer == VAULT for event in events),
    }
    subject = f"Pullcord: {count} set aside, a line at risk may be unknown [{alert}]"
    return Message(subject, template("operator.txt.j2", context), template("operator.html.j2", context))


def _intend(work: UnitOfWork, contacts: Sequence[Contact]) -> None:
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    alert = new_reference("A", work.store.random)
    insert_alert(work.connection, Alert(pk, alert, OPERATOR_FEED, 0, REASON, work.now, cases=0))
    intend_deliveries(work, pk, [(OPERATOR_TIER, contact) for contact in contacts])
    fields = {"alert": alert, "threshold": 0, "reason": REASON, "cases": 0, "deliveries": len(contacts)}
    work.record_audit(AuditRow(AuditAction.ALERT_INTENDED, fields, subject=alert))
    if not contacts:
        record_unreachable(work, None, alert, 0)
