"""Puts faults into Pullcord, to test that the simulator finds the faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from sqlalchemy import select, update

from services.alerts import engine
from services.alerts.delivery import dispatch
from services.alerts.delivery.channels.port import ACCEPTED
from services.alerts.delivery.queue import settle
from services.alerts.delivery.recipients import intending
from services.alerts.delivery.recipients.intending import DueEscalation
from services.alerts.policy.councils import Council
from services.alerts.policy.escalation.case_clock import Escalation
from services.alerts.review.case import Case
from services.alerts.review.owed import LOOK_AGAIN
from services.alerts.review.step import MessageAboutCase, with_accepted
from services.alerts.review.withdrawal import next_message
from services.storage.tables import cases
from services.storage.unit_of_work import UnitOfWork
from tests.simulation.surroundings.world import World

A_MOMENT = timedelta(seconds=1)


@contextmanager
def marked_before_sending() -> Iterator[None]:
    begin_all = dispatch.Dispatcher._begin_all

    def marking(self: dispatch.Dispatcher, claimed: Any) -> None:
        for delivery in claimed:
            settle(self.store, delivery, ACCEPTED)
        begin_all(self, claimed)

    with patch.object(dispatch.Dispatcher, "_begin_all", marking):
        yield


@contextmanager
def timer_in_memory() -> Iterator[None]:
    """Make Pullcord lose the time of the next message when the process ends."""
    run_due, next_look = engine.Engine.run_due, World._next_look
    kept: list[_Timers] = []

    def timing(self: engine.Engine) -> int:
        if not kept or kept[-1].owner is not self:
            kept.append(_Timers(self))
        kept[-1].ring()
        handled = run_due(self)
        kept[-1].take()
        return handled

    def looking(self: World) -> datetime:
        rings = kept[-1].due.values() if kept and kept[-1].owner is self.deployment.engine else ()
        return max(min([next_look(self), *(due - self.skew for due in rings)]), self._down_until)

    with patch.object(engine.Engine, "run_due", timing), patch.object(World, "_next_look", looking):
        yield


@dataclass
class _Timers:
    owner: engine.Engine
    due: dict[int, datetime] = field(default_factory=dict)
    parked: dict[int, datetime] = field(default_factory=dict)

    def ring(self) -> None:
        with self.owner.store.writing() as connection:
            for pk in [pk for pk, due in self.due.items() if due <= self.owner.store.now()]:
                connection.execute(update(cases).where(cases.c.pk == pk).values(due_at=self.due.pop(pk)))

    def take(self) -> None:
        now = self.owner.store.now()
        week = now + LOOK_AGAIN - timedelta(hours=1)
        with self.owner.store.writing() as connection:
            found = connection.execute(select(cases.c.pk, cases.c.due_at).where(cases.c.due_at > now)).all()
            for pk, due in found:
                if self.parked.get(pk) != due:
                    self.due[pk], self.parked[pk] = due, week
                    connection.execute(update(cases).where(cases.c.pk == pk).values(due_at=week))


@contextmanager
def endless_acknowledgement() -> Iterator[None]:
    def endless(_policy: object, _clock: object, now: datetime, **_: object) -> datetime:
        return now + timedelta(days=160)

    def kept(case: Case, *_: object) -> Case:
        return case

    with (
        patch("services.alerts.case.acts.pause_until", endless),
        patch("services.alerts.review.owed.with_possible_pause", kept),
    ):
        yield


@contextmanager
def notified_when_intended() -> Iterator[None]:
    def notified(work: UnitOfWork, council: Council, due_now: Sequence[DueEscalation], *rest: Any) -> list[Case]:
        cases = intending.intend(work, council, due_now, *rest)
        escalations = {due.case.pk: due.escalation for due in due_now}
        return [_as_if_accepted(case, escalations[case.pk], council, work.now) for case in cases]

    with (
        patch.object(engine, "intend", notified),
        # An acceptance would review the case and mend what the fault has done.
        patch("services.alerts.delivery.acceptance._change_cases"),
    ):
        yield


def _as_if_accepted(case: Case, escalation: Escalation, council: Council, now: datetime) -> Case:
    said = MessageAboutCase(escalation.threshold, escalation.first_level, escalation.last_level)
    accepted = with_accepted(case, said, escalation.reason, council.policy, now)
    following = next_message(accepted, council.policy, now)
    return replace(accepted, due_at=max(following.due_at, now + A_MOMENT) if following else now + LOOK_AGAIN)


@contextmanager
def due_time_kept() -> Iterator[None]:
    with patch("services.alerts.delivery.contacts.removal.recompute", lambda *_: 0):
        yield


PLANTED: Mapping[str, Callable[[], AbstractContextManager[None]]] = MappingProxyType(
    {
        "an attempt is marked before it is sent": marked_before_sending,
        "a timer is kept in memory": timer_in_memory,
        "an acknowledgement never ends": endless_acknowledgement,
        "a case is notified when a message is intended": notified_when_intended,
        "the due time is kept when the policy changes": due_time_kept,
    }
)
