from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.drills.rules import (
    DrillState,
    DrillStep,
    answer_due,
    drill_month,
    ends_at,
    may_begin,
    next_step,
    urgent_until,
)
from services.alerts.delivery.drills.starting import ask, end_drill, start_monthly
from services.alerts.delivery.drills.store import (
    Drill,
    change_drill,
    councils_to_drill,
    due_drills,
    has_urgent_case,
    lock_drill,
    people_asked,
)
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.policy_days import in_office_hours, next_office_hours
from services.core.audit import AuditAction
from services.core.clock import london_day, london_midnight
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DrillRunner:
    # The link in a message works for `links_last`.
    store: Store
    links_last: timedelta

    def run_once(self) -> int:
        """An error in one drill delays no other drill."""
        now = self.store.now()
        with self.store.reading() as connection:
            steps: list[Callable[[], bool]] = [
                partial(move_on, self.store, reference, self.links_last) for reference in due_drills(connection, now)
            ]
            steps += [partial(start_monthly, self.store, feed_id) for feed_id in self._to_begin(connection, now)]
        moved, fault = 0, None
        for step in steps:
            try:
                moved += step()
            except Exception as error:  # noqa: BLE001 - raised below, after all other drills
                fault = error
        if fault is not None:
            raise fault
        return moved

    def _to_begin(self, connection: Connection, now: datetime) -> list[str]:
        # Outside its hour a council costs no transaction that writes.
        begins = london_midnight(london_day(now).replace(day=1))
        councils = councils_to_drill(connection, drill_month(now), begins)
        return [one for one in councils if may_begin(load_council(connection, self.store, one).policy, now)]


def move_on(store: Store, reference: str, links_last: timedelta) -> bool:
    """Take the next step of a drill. Return False if no step is due."""
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        drill = lock_drill(connection, reference)
        # Somebody may have answered meanwhile, or another process may have taken the step.
        if drill.due_at is None or drill.due_at > now:
            return False
        if drill.state is DrillState.FAILED:
            end_drill(work, drill)
        else:
            _ask_others(work, drill, load_council(connection, store, drill.feed_id), links_last)
    return True


def _ask_others(work: UnitOfWork, drill: Drill, council: Council, links_last: timedelta) -> None:
    policy, now = council.policy, work.now
    step = _next(work, drill, council)
    if step is None:
        _fail(work, drill, ends_at(policy, drill.asked_at, links_last, now))
    elif not in_office_hours(policy, now):
        _wait(work, drill, next_office_hours(policy, now))
    elif has_urgent_case(work.connection, drill.feed_id, urgent_until(policy, now)):
        _wait(work, drill, answer_due(policy, now))
    else:
        ask(work, drill.alert_pk, council, step)
        change_drill(work.connection, drill.alert_pk, level=step.level, asked_at=now, due_at=answer_due(policy, now))
        fields = {"drill": drill.reference, "level": step.level, "deliveries": len(step.contacts)}
        _record(work, AuditAction.DRILL_PASSED_ON, drill, fields)


def _next(work: UnitOfWork, drill: Drill, council: Council) -> DrillStep | None:
    policy = council.policy
    verified = verified_contacts(work.connection, work.store.tokeniser, council.feed_id, policy.every_contact)
    return next_step(policy, drill.level, verified, people_asked(work.connection, drill.alert_pk), work.now)


def _wait(work: UnitOfWork, drill: Drill, until: datetime) -> None:
    change_drill(work.connection, drill.alert_pk, due_at=until)


def _fail(work: UnitOfWork, drill: Drill, until: datetime) -> None:
    # The engine tells the operator of it.
    values = {"state": DrillState.FAILED.value, "failed_at": work.now, "due_at": until}
    change_drill(work.connection, drill.alert_pk, **values)
    _record(work, AuditAction.DRILL_FAILED, drill, {"drill": drill.reference})


def _record(work: UnitOfWork, action: AuditAction, drill: Drill, fields: dict[str, object]) -> None:
    work.record_audit(AuditRow(action, fields, subject=drill.reference, feed_id=drill.feed_id))
