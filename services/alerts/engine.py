"""Writes the alerts about due cases. Each alert is saved before its messages are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from services.alerts.case.consumer import effects_of
from services.alerts.case.guard import with_kept_facts
from services.alerts.case.new_rules import apply_ruleset
from services.alerts.case.put_back import note_time
from services.alerts.case.store.cases import DueBy, claim_due, councils_with_due_cases, save_cases
from services.alerts.case.store.contexts import load_contexts
from services.alerts.delivery.contacts.removal import apply_policy
from services.alerts.delivery.operator import alert_operator
from services.alerts.delivery.recipients.intending import DueEscalation, intend
from services.alerts.delivery.recipients.reached import ask_others
from services.alerts.delivery.refused_contacts.reporting import report_refused_contacts
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.policy import Contact
from services.alerts.policy.store import councils_to_recompute, councils_with_other_rules
from services.alerts.review.case import Case
from services.alerts.review.owed import LOOK_AGAIN, CasePolicy, Owed, what_is_owed
from services.alerts.states.rules import Ruleset
from services.storage.events.process import write_effects
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000  # the most due cases in one transaction

# The longest time that a case waits to share a message with others. `CouncilPolicy.grouping_seconds` is at most this.
LOOK_AHEAD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Engine:
    store: Store
    ruleset: Ruleset
    fallback: tuple[Contact, ...] = ()  # the operator's contacts, alerted if no contact of the council can be reached
    watches_silence: bool = True  # False if something else watches whether feeds are silent

    def run_due(self) -> int:
        """Call this method again until the result is 0. An error in one council delays no other council."""
        now = self.store.now()
        note_time(self.store, now)
        with self.store.reading() as connection:
            changed = councils_to_recompute(connection)
            outdated = councils_with_other_rules(connection, self.ruleset.name)
            councils = councils_with_due_cases(connection, _due_by(now, now))
        handled, fault = self._alert_operator(now) + ask_others(self.store, self.fallback, now), None
        try:
            handled += report_refused_contacts(self.store, self.fallback, now)
        except Exception as error:  # noqa: BLE001 - raised below; a report delays no alert about a case
            fault = error
        for feed_id in sorted({*changed, *outdated, *councils}):
            try:
                if feed_id in outdated:
                    handled += apply_ruleset(self.store, self.ruleset, feed_id)
                if feed_id in changed:
                    handled += apply_policy(self.store, self.ruleset, feed_id)
                if feed_id in councils:
                    handled += self._run_council(feed_id, now)
            except Exception as error:  # noqa: BLE001 - raised below, after all other councils
                fault = error
        if fault is not None:
            raise fault
        return handled

    def _alert_operator(self, now: datetime) -> int:
        return alert_operator(self.store, self.fallback, now, silence=self.watches_silence)

    def _run_council(self, feed_id: str, now: datetime) -> int:
        with self.store.writing() as connection:
            # Cases that fall due within a minute are claimed too, so that one message covers them.
            due = claim_due(connection, feed_id, _due_by(now + LOOK_AHEAD, now), BATCH)
            work = UnitOfWork(connection, self.store, now)
            self._look_at(work, load_council(connection, self.store, feed_id), due)
        # Cases that joined the message before they were due are not counted.
        return sum(1 for case in due if case.due_at is not None and not _gathers(case.due_at, now))

    def _look_at(self, work: UnitOfWork, council: Council, due: Sequence[Case]) -> None:
        reviews = self._review(work, council, due)
        due_now, not_yet = _split(reviews, work.now)
        alerted = intend(work, council, due_now, self.fallback)
        save_cases(work.connection, chain(alerted, not_yet))
        write_effects(work, effects_of(reviews))

    def _review(self, work: UnitOfWork, council: Council, due: Sequence[Case]) -> list[Owed]:
        contexts = with_kept_facts(load_contexts(work.connection, [case.entry_pk for case in due]), self.ruleset)
        policy = CasePolicy(council.policy, self.ruleset, council.version)
        return [
            what_is_owed(case, context.entry, context.lines, policy, work.now)
            for case in due
            if (context := contexts.get(case.entry_pk)) is not None
        ]


def _due_by(by: datetime, now: datetime) -> DueBy:
    # No review sets a due time beyond LOOK_AGAIN. LOOK_AHEAD is a margin for the clock of another worker.
    return DueBy(by, beyond=now + LOOK_AGAIN + LOOK_AHEAD)


def _gathers(due_at: datetime, now: datetime) -> bool:
    # True if the case is not due yet, and was claimed only to join the message of other cases.
    return now < due_at <= now + LOOK_AHEAD


def _split(reviews: Iterable[Owed], now: datetime) -> tuple[list[DueEscalation], list[Case]]:
    due_now, not_yet = [], []
    for review in reviews:
        if review.message is not None and review.message.due_at <= now:
            due_now.append(DueEscalation(review.case, review.message, review.turns_at))
        else:
            not_yet.append(review.case)
    return due_now, not_yet
