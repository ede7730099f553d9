"""After a database was restored: what was told since its record ends is not on record.

What was told before stands, and is not told again. What fell due since is told once more by the ordinary rules, for a
message that never went out may cost a life; it says plainly that it may be a repeat. What was on its way at the end of
the record goes out only where nothing newer is owed about the same cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from schemas.events import AlertSettled
from services.alerts.case.store.cases import cases_of_alert, forget_tries
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.delivery.store.alerts import Alert, is_first_about_a_case
from services.alerts.delivery.store.attempts import doubt_attempts, has_doubtful_attempt
from services.alerts.delivery.store.deliveries import OwedDelivery, find_owed_to_councils, move_delivery
from services.alerts.delivery.store.restores import Restore, last_restore
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import next_escalation
from services.core.audit import AuditAction
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

SAID_FOR = timedelta(days=2)
"""For how long after a restore the first message about a case says that it may be a repeat (policy of the deployment,
no source prescribes it)."""


def settle_restore(store: Store, record_ends: datetime) -> None:
    """Write down that the database was restored, and let go of deliveries where newer ones are owed.

    Once, before anything works with it.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        covered = list(_covered(work))
        for delivery in covered:
            _cancel_delivery(work, delivery)
        fields = {"record_ends": record_ends.isoformat(), "deliveries": len(covered)}
        work.record_audit(AuditRow(AuditAction.DATABASE_RESTORED, fields))


def may_repeat(connection: Connection, alert: Alert) -> Restore | None:
    """The restore after which an alert may repeat what was told already.

    It is the first about one of its cases since then: newly owed, or on its way at the end of the record.
    """
    restore = last_restore(connection)
    if restore is None or alert.created_at > restore.at + SAID_FOR:
        return None
    return restore if is_first_about_a_case(connection, alert.pk, restore.at) else None


def _cancel_delivery(work: UnitOfWork, delivery: OwedDelivery) -> None:
    connection, state = work.connection, DeliveryState.NOT_NEEDED
    doubt_attempts(connection, delivery.pk, "restored", work.now)
    # What is owed anew has been tried for nobody yet. What may have come leaves its council owed the word of an end.
    forget_tries(connection, delivery.alert_pk, warned=has_doubtful_attempt(connection, delivery.pk))
    move_delivery(connection, delivery.pk, state, due_at=None, settled_at=work.now)
    said = AlertSettled(alert=delivery.reference, council=delivery.feed_id, delivery=delivery.pk, outcome=state.value)
    work.announce([Announcement("alerts", delivery.feed_id, said)])


def _covered(work: UnitOfWork) -> Iterator[OwedDelivery]:
    """The deliveries still to be made of alerts whose open cases are all to be told anew now."""
    verdicts: dict[int, bool] = {}
    for one in find_owed_to_councils(work.connection):
        if one.alert_pk not in verdicts:
            verdicts[one.alert_pk] = _owed_anew(work, one.alert_pk, one.feed_id)
        if verdicts[one.alert_pk]:
            yield one


def _owed_anew(work: UnitOfWork, alert_pk: int, feed_id: str) -> bool:
    still_open = [case for case in cases_of_alert(work.connection, alert_pk) if not case.clock_stopped]
    if not still_open:
        return False
    policy = load_council(work.connection, work.store, feed_id).policy
    owed = (next_escalation(case.clock, policy, work.now) for case in still_open)
    return all(escalation is not None and escalation.due_at <= work.now for escalation in owed)
