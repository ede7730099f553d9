"""Simulates a case: nobody acts, and each message is accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from services.alerts.delivery.recipients.asked import contacts_asked
from services.alerts.policy.escalation.case_clock import Escalation
from services.alerts.policy.escalation.slots import LastMessages, next_slot
from services.alerts.policy.policy import TRIED_FOR
from services.alerts.policy.policy_settings import Contact
from services.alerts.review.case import Case
from services.alerts.review.consent.snapshot import Facts
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.step import MessageAboutCase, with_accepted

# The most rounds of a simulation. A case has a review at least each week, and few messages a day.
_MOST_ROUNDS: Final = 4_000
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ToldPerson:
    person: str
    tier: str


@dataclass(frozen=True, slots=True)
class ForeseenMessage:
    at: datetime
    escalation: Escalation
    people: tuple[ToldPerson, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    at: datetime
    escalation: Escalation
    told: ToldPerson


@dataclass(slots=True)
class CaseSimulation:
    # `last` holds the last messages to each person, by label.
    case: Case
    facts: Facts
    policy: CasePolicy
    verified: Collection[Contact]
    fallback: Sequence[Contact]
    last: dict[str, LastMessages]
    # What waits for each person. A newer message about the same case takes the place of an older one.
    waiting: dict[str, Waiting] = field(default_factory=dict)
    # The first acceptance of the newest message.
    accepted: tuple[datetime, Escalation] | None = None

    def run(self, now: datetime, until: datetime) -> Iterator[ForeseenMessage]:
        # A message that is on its way counts as not sent yet.
        self.case = replace(self.case, tried_at=None, tried_alert=None)
        self._review(now)
        at: datetime | None = now
        for _ in range(_MOST_ROUNDS):
            if at is None or at > until:
                return
            self._send_what_is_due(at)
            yield from self._arrived(at)
            at = self._next(at)

    def _send_what_is_due(self, at: datetime) -> None:
        if self.case.due_at is None or self.case.due_at > at:
            return
        message = self._review(at)
        if message is None or message.due_at > at:
            return
        council = self.policy.council
        levels = (message.first_level, message.last_level)
        asked = contacts_asked(council, levels, self.verified, self.fallback, at)
        for contact, tier in asked.items():
            before = self.last.get(contact.person, LastMessages())
            slot = next_slot(council, before, at, urgent=message.urgent)
            self.waiting[contact.person] = Waiting(slot, message, ToldPerson(contact.person, tier))
        sent_at = min((self.waiting[one.person].at for one in asked), default=at)
        self.case = replace(self.case, tried_at=sent_at, due_at=sent_at + TRIED_FOR)
        self.accepted = (sent_at, message) if asked else None

    def _arrived(self, at: datetime) -> list[ForeseenMessage]:
        if self.accepted is not None and self.accepted[0] <= at:
            said = self.accepted[1]
            message = MessageAboutCase(said.threshold, said.first_level, said.last_level)
            self.case = with_accepted(self.case, message, said.reason, self.policy.council, at)
            self.accepted = None
            self._review(at)
        due = [one for one in self.waiting.values() if one.at <= at]
        for one in due:
            del self.waiting[one.told.person]
            urgent_at = at if one.escalation.urgent else self.last.get(one.told.person, LastMessages()).urgent_at
            self.last[one.told.person] = LastMessages(at, urgent_at)
        every = dict.fromkeys(one.escalation for one in due)
        return [ForeseenMessage(at, said, tuple(one.told for one in due if one.escalation == said)) for said in every]

    def _review(self, at: datetime) -> Escalation | None:
        owed = what_is_owed(self.case, *self.facts, self.policy, at)
        # Every review of a case on record is a new revision.
        self.case = replace(owed.case, revision=owed.case.revision + 1)
        return owed.message

    def _next(self, at: datetime) -> datetime | None:
        moments = [one.at for one in self.waiting.values()]
        moments += [self.case.due_at] if self.case.due_at is not None else []
        moments += [self.accepted[0]] if self.accepted is not None else []
        return max(min(moments), at + _INSTANT) if moments else None
