"""Deals with deliveries after a database was restored. Messages sent after the end of its records are unknown to it.

Messages on record are not sent again. Those that have fallen due since are sent by the ordinary rules, with a note that
they may be a repeat: a message that never went out may cost a life. A delivery that was under way at the end of the
records goes out only if no newer message is due about the same cases.
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

# For this long after a restore the first message about a case has the note that it may be a repeat (policy of the
# deployment; no source prescribes it).
REPEAT_NOTE_FOR = timedelta(days=2)


def settle_restore(store: Store, record_ends: datetime) -> None:
    """Audit that the database was restored, and cancel deliveries that newer ones replace.

    Call it once, before any process works with the database.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        # Listed before the first is cancelled: cancelling one changes what is due about the cases of its alert.
        covered = list(_covered(work))
        for delivery in covered:
            _cancel_delivery(work, delivery)
        fields = {"record_ends": record_ends.isoformat(), "deliveries": len(covered)}
        work.record_audit(AuditRow(AuditAction.DATABASE_RESTORED, fields))


def may_repeat(connection: Connection, alert: Alert) -> Restore | None:
    """Return the restore after which an alert may be a repeat, or None.

    Such an alert is the first about one of its cases since then.
    """
    restore = last_restore(connection)
    if restore is None or alert.created_at > restore.at + REPEAT_NOTE_FOR:
        return None
    return restore if is_first_about_a_case(connection, alert.pk, restore.at) else None


def _cancel_delivery(work: UnitOfWork, delivery: OwedDelivery) -> None:
    connection, state = work.connection, DeliveryState.NOT_NEEDED
    doubt_attempts(connection, delivery.pk, "restored", work.now)
    # The newer message has not been tried. Otherwise it would wait as a repeat of one that reached nobody.
    # An attempt in doubt may have told the council: it is owed word when the case ends.
    forget_tries(connection, delivery.alert_pk, warned=has_doubtful_attempt(connection, delivery.pk))
    move_delivery(connection, delivery.pk, state, due_at=None, settled_at=work.now)
    settled = AlertSettled(
        alert=delivery.reference, council=delivery.feed_id, delivery=delivery.pk, outcome=state.value
    )
    work.announce([Announcement("alerts", delivery.feed_id, settled)])


def _covered(work: UnitOfWork) -> Iterator[OwedDelivery]:
    # Deliveries of alerts whose open cases are all due for a newer message. Kept by alert: one has many deliveries.
    verdicts: dict[int, bool] = {}
    for delivery in find_owed_to_councils(work.connection):
        if delivery.alert_pk not in verdicts:
            verdicts[delivery.alert_pk] = _owed_anew(work, delivery.alert_pk, delivery.feed_id)
        if verdicts[delivery.alert_pk]:
            yield delivery


def _owed_anew(work: UnitOfWork, alert_pk: int, feed_id: str) -> bool:
    # With no open case nothing newer is due. The delivery stays, and is rendered from the cases as they are.
    still_open = [case for case in cases_of_alert(work.connection, alert_pk) if not case.clock_stopped]
    if not still_open:
        return False
    policy = load_council(work.connection, work.store, feed_id).policy
    owed = (next_escalation(case.clock, policy, work.now) for case in still_open)
    return all(escalation is not None and escalation.due_at <= work.now for escalation in owed)
