"""Alerts the operator of Pullcord about quarantined events and refused rows. Either may hide a line at risk.

Such an alert has deliveries and outcomes like any other alert, but no cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from services.alerts.delivery.delivery import OPERATOR_FEED, OPERATOR_TIER
from services.alerts.delivery.queue import intend_deliveries, record_unreachable
from services.alerts.delivery.store.alerts import Alert, insert_alert, load_alert
from services.alerts.delivery.store.refused_rows import mark_overdue_rows, overdue_rows
from services.alerts.message.message import Message, template
from services.alerts.message.wording import moment, shown_name
from services.alerts.policy.policy import Contact
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.storage.audit import AuditRow
from services.storage.damage import VAULT
from services.storage.events.quarantine import count_to_report, list_quarantine
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

EVENTS_SET_ASIDE: Final = "events_set_aside"
ROWS_REFUSED: Final = "rows_refused"
# If events are still quarantined after this time, the operator is alerted again (policy of the deployment).
REPEAT = timedelta(hours=24)
# The most events or submissions that a mail lists. It gives the number of the others.
LISTED: Final = 20


def alert_operator(store: Store, contacts: Sequence[Contact], now: datetime) -> int:
    """Write the due alerts to the operator, and return the number of these alerts."""
    written = 0
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        if count_to_report(connection, now, REPEAT):
            _intend(work, contacts, EVENTS_SET_ASIDE)
            written += 1
        if mark_overdue_rows(connection, now):
            _intend(work, contacts, ROWS_REFUSED)
            written += 1
    return written


def operator_message(connection: Connection, alert_pk: int) -> Message | None:
    # The message is built when it is sent. It is None if somebody has dealt with the matter by then.
    alert = load_alert(connection, alert_pk)
    make = _refused_rows if alert.reason == ROWS_REFUSED else _quarantined
    return make(connection, alert.reference)


def _quarantined(connection: Connection, alert: str) -> Message | None:
    events = list_quarantine(connection)
    if not events:
        return None
    count = "1 event was" if len(events) == 1 else f"{len(events)} events were"
    context = {
        "count": count,
        "events": events[:LISTED],
        "more": max(0, len(events) - LISTED),
        "alert": alert,
        "damaged": any(event.consumer == VAULT for event in events),
    }
    subject = f"Pullcord: {count} set aside, a line at risk may be unknown [{alert}]"
    return Message(subject, template("operator.txt.j2", context), template("operator.html.j2", context))


def _refused_rows(connection: Connection, alert: str) -> Message | None:
    found = overdue_rows(connection)
    if not found:
        return None
    total = sum(one.count for one in found)
    count = "1 refused row was" if total == 1 else f"{total:,} refused rows were"
    said = [
        {
            "sender": f"{shown_name(one.name)} ({one.sender.partition(':')[2]})",
            "rows": "1 row" if one.count == 1 else f"{one.count:,} rows",
            "first_row": one.first_row,
            "submission": one.submission,
            "at": moment(one.refused_at),
        }
        for one in found[:LISTED]
    ]
    context = {"count": count, "submissions": said, "more": max(0, len(found) - LISTED), "alert": alert}
    subject = f"Pullcord: {count} not sent again, a line at risk may be unknown [{alert}]"
    return Message(subject, template("refused.txt.j2", context), template("refused.html.j2", context))


def _intend(work: UnitOfWork, contacts: Sequence[Contact], reason: str) -> None:
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    alert = new_reference("A", work.store.random)
    insert_alert(work.connection, Alert(pk, alert, OPERATOR_FEED, 0, reason, work.now, cases=0))
    intend_deliveries(work, pk, [(OPERATOR_TIER, contact) for contact in contacts])
    fields = {"alert": alert, "threshold": 0, "reason": reason, "cases": 0, "deliveries": len(contacts)}
    work.record_audit(AuditRow(AuditAction.ALERT_INTENDED, fields, subject=alert))
    if not contacts:
        record_unreachable(work, None, alert, 0)
