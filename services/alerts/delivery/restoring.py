"""Settles deliveries after the database was restored from a copy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from schemas.events import AlertSettled
from services.alerts.case.store.cases import cases_of_alert, forget_tries
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.delivery.queue import record_not_needed
from services.alerts.delivery.store.alerts import Alert, is_first_about_a_case
from services.alerts.delivery.store.attempts import doubt_attempts, last_doubtful_attempt_at
from services.alerts.delivery.store.deliveries import OwedDelivery, find_owed_to_councils, move_delivery
from services.alerts.delivery.store.restores import Restore, last_restore
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import next_escalation
from services.core.audit import AuditAction
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

# For this time after a restore, the first message about a case says that it may be a repeat (policy of the deployment;
# no source prescribes it).
REPEAT_NOTE_FOR = timedelta(days=2)


def settle_restore(store: Store, record_ends: datetime) -> None:
    """Cancel deliveries that newer messages will replace. Call this function before any other process starts.

    `record_ends` is the time of the newest record in the restored database.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        # A delivery that no newer message will replace stays. Its message may be sent twice, but is never lost.
        # All deliveries are listed first, because cancelling one delivery changes what is due about the cases of its
        # alert.
        covered = list(_covered(work))
        for delivery in covered:
            _cancel_delivery(work, delivery)
        fields = {"record_ends": record_ends.isoformat(), "deliveries": len(covered)}
        work.record_audit(AuditRow(AuditAction.DATABASE_RESTORED, fields))


def may_repeat(connection: Connection, alert: Alert) -> Restore | None:
    """Return the last restore if the alert may repeat a message that the restored database lacks."""
    restore = last_restore(connection)
    if restore is None or alert.created_at > restore.at + REPEAT_NOTE_FOR:
        return None
    return restore if is_first_about_a_case(connection, alert.pk, restore.at) else None


def _cancel_delivery(work: UnitOfWork, delivery: OwedDelivery) -> None:
    connection, state = work.connection, DeliveryState.NOT_NEEDED
    doubt_attempts(connection, delivery.pk, "restored", work.now)
    # Without this call the newer message would wait like the repeat of a message that reached nobody. If an attempt is
    # in doubt, the council may be warned, and needs a message when the case ends.
    forget_tries(connection, delivery.alert_pk, warned=last_doubtful_attempt_at(connection, delivery.pk) is not None)
    move_delivery(connection, delivery.pk, state, due_at=None, settled_at=work.now)
    record_not_needed(work, delivery.pk, delivery.reference, delivery.feed_id)
    settled = AlertSettled(
        alert=delivery.reference, council=delivery.feed_id, delivery=delivery.pk, outcome=state.value
    )
    work.announce([Announcement("alerts", delivery.feed_id, settled)])


def _covered(work: UnitOfWork) -> Iterator[OwedDelivery]:
    # Yields the deliveries of each alert whose open cases are all due for a newer message. An alert may have many
    # deliveries, so its verdict is kept.
    verdicts: dict[int, bool] = {}
    for delivery in find_owed_to_councils(work.connection):
        if delivery.alert_pk not in verdicts:
            verdicts[delivery.alert_pk] = _owed_anew(work, delivery.alert_pk, delivery.feed_id)
        if verdicts[delivery.alert_pk]:
            yield delivery


def _owed_anew(work: UnitOfWork, alert_pk: int, feed_id: str) -> bool:
    # If no case is open, no newer message is due. The delivery stays, and its message is rendered from the current
    # cases.
    still_open = [case for case in cases_of_alert(work.connection, alert_pk) if not case.clock_stopped]
    if not still_open:
        return False
    policy = load_council(work.connection, work.store, feed_id).policy
    owed = (next_escalation(case.clock, policy, work.now) for case in still_open)
    return all(escalation is not None and escalation.due_at <= work.now for escalation in owed)
