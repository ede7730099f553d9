from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import DRILLS_FEED
from services.alerts.delivery.drills.rules import (
    MOST_A_DAY,
    DrillState,
    DrillStep,
    answer_due,
    drill_month,
    may_begin,
    next_step,
    urgent_until,
)
from services.alerts.delivery.drills.store import (
    Drill,
    change_drill,
    has_drill_of,
    has_urgent_case,
    insert_drill,
    open_drills,
)
from services.alerts.delivery.queue import Recipient, intend_deliveries
from services.alerts.delivery.store.alerts import Alert, insert_alert
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.policy_days import in_office_hours
from services.core.audit import AuditAction
from services.core.errors import ConflictError, TooOftenError
from services.core.ids import new_reference
from services.storage.audit import AuditRow, count_recorded
from services.storage.feeds import lock_feed
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

DRILL: Final = "drill"


class DrillRefusedError(ConflictError):
    """A drill cannot be started or answered now."""


def start_monthly(store: Store, feed_id: str) -> bool:
    """Return False if the drill may not begin now."""
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        # Whoever else begins a drill of this council waits here, and then finds it.
        lock_feed(connection, feed_id)
        council, month = load_council(connection, store, feed_id), drill_month(now)
        # A damaged policy names nobody. The operator knows of it already.
        if council.damaged or not may_begin(council.policy, now) or has_drill_of(connection, feed_id, month):
            return False
        running = open_drills(connection, feed_id)
        if any(one.state is DrillState.WAITING for one in running) or _urgent(work, council):
            return False
        for drill in running:
            end_drill(work, drill)
        _begin(work, council, _first_step(work, council), month, None)
    return True


def start_by_person(store: Store, feed_id: str, by: str) -> str:
    """Start a drill of the council, and return the reference of the drill.

    Raises DrillRefusedError if no drill may begin now.
    Raises TooOftenError if MOST_A_DAY drills of the council began within a day.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        lock_feed(connection, feed_id)
        council = load_council(connection, store, feed_id)
        running = open_drills(connection, feed_id)
        if any(one.state is DrillState.WAITING for one in running):
            raise DrillRefusedError("a drill of this council is running: wait until somebody has answered it")
        if not in_office_hours(council.policy, now):
            raise DrillRefusedError("a drill goes out in the working hours of the council only: start it then")
        if _urgent(work, council):
            raise DrillRefusedError("a case of this council is urgent: no drill goes out beside it")
        step = _first_step(work, council)
        if step is None:
            raise DrillRefusedError("nobody could be asked: no tier of the council's policy has a contact on duty")
        started = count_recorded(connection, [AuditAction.DRILL_STARTED], feed_id, now - timedelta(days=1))
        if started >= MOST_A_DAY:
            raise TooOftenError(f"{MOST_A_DAY} drills of this council began within a day: start one later")
        for drill in running:
            end_drill(work, drill)
        return _begin(work, council, step, None, by)


def end_drill(work: UnitOfWork, drill: Drill) -> None:
    # From here on nobody can answer the drill.
    change_drill(work.connection, drill.alert_pk, state=DrillState.ENDED.value, due_at=None)
    fields = {"drill": drill.reference, "month": drill.month}
    work.record_audit(AuditRow(AuditAction.DRILL_ENDED, fields, subject=drill.reference, feed_id=drill.feed_id))


def ask(work: UnitOfWork, alert_pk: int, council: Council, step: DrillStep) -> None:
    verified = verified_contacts(work.connection, work.store.tokeniser, council.feed_id, step.contacts)
    recipients = [Recipient(tier, one, work.now, one in verified) for one, tier in step.contacts.items()]
    intend_deliveries(work, alert_pk, recipients)


def _first_step(work: UnitOfWork, council: Council) -> DrillStep | None:
    policy = council.policy
    verified = verified_contacts(work.connection, work.store.tokeniser, council.feed_id, policy.every_contact)
    return next_step(policy, 0, verified, (), work.now)


def _urgent(work: UnitOfWork, council: Council) -> bool:
    return has_urgent_case(work.connection, council.feed_id, urgent_until(council.policy, work.now))


def _begin(work: UnitOfWork, council: Council, step: DrillStep | None, month: str | None, by: str | None) -> str:
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    reference, asked = new_reference("D", work.store.random), len(step.contacts) if step else 0
    insert_alert(work.connection, Alert(pk, reference, DRILLS_FEED, 0, DRILL, work.now, cases=0))
    if step:
        ask(work, pk, council, step)
    level, now = step.level if step else 0, work.now
    # Where nobody can be asked there is nothing to wait for.
    due = answer_due(council.policy, now) if step else now
    drill = Drill(
        alert_pk=pk,
        reference=reference,
        feed_id=council.feed_id,
        month=month,
        state=DrillState.WAITING,
        level=level,
        started_at=now,
        answer_by=due,
        asked_at=now,
        due_at=due,
        failed_at=None,
        answered_at=None,
    )
    insert_drill(work.connection, drill)
    fields = {"alert": reference, "threshold": 0, "reason": DRILL, "cases": 0, "deliveries": asked}
    started = {"drill": reference, "month": month, "level": level, "deliveries": asked}
    work.record_audit(
        AuditRow(AuditAction.ALERT_INTENDED, fields, subject=reference),
        AuditRow(AuditAction.DRILL_STARTED, started, subject=reference, feed_id=council.feed_id, actor=by),
    )
    return reference
