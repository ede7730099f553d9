from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from services.alerts.delivery import operator_messages
from services.alerts.delivery.delivery import OPERATOR_FEED, OPERATOR_TIER
from services.alerts.delivery.drills.store import mark_drills_reported
from services.alerts.delivery.queue import Recipient, intend_deliveries, record_unreachable
from services.alerts.delivery.silences import mark_silent_feeds
from services.alerts.delivery.store.alerts import Alert, insert_alert, load_alert
from services.alerts.delivery.store.refused_files import mark_overdue_files
from services.alerts.delivery.store.refused_rows import mark_overdue_rows
from services.alerts.message.message import Message
from services.alerts.policy.policy import Contact
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.storage.audit import AuditRow
from services.storage.events.quarantine import count_to_report
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

EVENTS_SET_ASIDE: Final = "events_set_aside"
ROWS_REFUSED: Final = "rows_refused"
FILES_REFUSED: Final = "files_refused"
FEEDS_SILENT: Final = "feeds_silent"
DRILLS_UNANSWERED: Final = "drills_unanswered"
# If events are still quarantined after this time, the operator is alerted again (policy of the deployment).
REPEAT = timedelta(hours=24)
_MESSAGES: Final[Mapping[str, Callable[[Connection, str], Message | None]]] = {
    EVENTS_SET_ASIDE: operator_messages.quarantine_message,
    ROWS_REFUSED: operator_messages.refused_rows_message,
    FILES_REFUSED: operator_messages.refused_files_message,
    FEEDS_SILENT: operator_messages.silent_feeds_message,
    DRILLS_UNANSWERED: operator_messages.unanswered_drills_message,
}


def alert_operator(store: Store, contacts: Sequence[Contact], now: datetime, *, silence: bool) -> int:
    """Return the number of written alerts. An alert about silent feeds is written only if `silence` is true."""
    written = 0
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        if count_to_report(connection, now, REPEAT):
            _intend(work, contacts, EVENTS_SET_ASIDE)
            written += 1
        if mark_overdue_rows(connection, now):
            _intend(work, contacts, ROWS_REFUSED)
            written += 1
        if mark_overdue_files(connection, now):
            _intend(work, contacts, FILES_REFUSED)
            written += 1
        if silence and mark_silent_feeds(connection, now):
            _intend(work, contacts, FEEDS_SILENT)
            written += 1
        if mark_drills_reported(connection, now):
            _intend(work, contacts, DRILLS_UNANSWERED)
            written += 1
    return written


def operator_message(connection: Connection, alert_pk: int) -> Message | None:
    alert = load_alert(connection, alert_pk)
    return _MESSAGES[alert.reason](connection, alert.reference)


def _intend(work: UnitOfWork, contacts: Sequence[Contact], reason: str) -> None:
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    alert = new_reference("A", work.store.random)
    insert_alert(work.connection, Alert(pk, alert, OPERATOR_FEED, 0, reason, work.now, cases=0))
    intend_deliveries(work, pk, [Recipient(OPERATOR_TIER, contact, work.now) for contact in contacts])
    fields = {"alert": alert, "threshold": 0, "reason": reason, "cases": 0, "deliveries": len(contacts)}
    work.record_audit(AuditRow(AuditAction.ALERT_INTENDED, fields, subject=alert))
    if not contacts:
        record_unreachable(work, None, alert, 0)
