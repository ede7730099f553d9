"""Reviews due cases and writes alerts about these cases.

An alert names its cases and contacts. The alert is written before anything is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from schemas.events import AlertIntended
from services.alerts.case.consumer import effects_of
from services.alerts.case.guard import with_kept_facts
from services.alerts.case.new_rules import apply_ruleset
from services.alerts.case.recompute import recompute
from services.alerts.case.store.cases import DueBy, claim_due, councils_with_due_cases, save_cases
from services.alerts.case.store.contexts import load_contexts
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.operator import alert_operator
from services.alerts.delivery.queue import cancel_older, intend_deliveries, record_unreachable
from services.alerts.delivery.store.alerts import Alert, insert_alert, insert_alert_cases
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.levels import operator_level, reachable_tiers, tiers_between
from services.alerts.policy.policy import Contact, CouncilPolicy, Escalation
from services.alerts.policy.store import councils_to_recompute, councils_with_other_rules
from services.alerts.review.case import Case
from services.alerts.review.owed import LOOK_AGAIN, CasePolicy, Owed, what_is_owed
from services.alerts.review.withdrawal import is_about_withdrawal
from services.alerts.states.rules import Ruleset
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.events.process import write_effects
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000  # the most due cases in one transaction

# The longest time that a case waits to share a message with others. `CouncilPolicy.grouping_seconds` is at most this.
LOOK_AHEAD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class DueEscalation:
    case: Case
    escalation: Escalation


@dataclass(frozen=True, slots=True)
class Engine:
    store: Store
    ruleset: Ruleset
    fallback: tuple[Contact, ...] = ()  # the operator's contacts, alerted if no contact of the council can be reached
    watches_silence: bool = True  # False if something else watches whether feeds are silent

    def run_due(self) -> int:
        """Review the due cases and write alerts. The due cases of a council share one transaction.

        New rule sets and policies are applied first. The operator is alerted about quarantined events, refused rows and
        files, and silent feeds. Return the number of handled cases and alerts. Call again until the number is 0. An
        error in one council's cases does not delay other councils: the error is raised at the end.
        """
        now = self.store.now()
        with self.store.reading() as connection:
            changed = councils_to_recompute(connection)
            outdated = councils_with_other_rules(connection, self.ruleset.name)
            councils = councils_with_due_cases(connection, _due_by(now, now))
        handled, fault = self._alert_operator(now), None
        for feed_id in sorted({*changed, *outdated, *councils}):
            try:
                if feed_id in outdated:
                    handled += apply_ruleset(self.store, self.ruleset, feed_id)
                if feed_id in changed:
                    handled += recompute(self.store, self.ruleset, feed_id)
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
        doubtful = _intend(work, council, due_now, self.fallback)
        alerted = (_after_alert(due, council, work.now, doubtful) for due in due_now)
        save_cases(work.connection, chain(alerted, not_yet))
        write_effects(work, effects_of(reviews))

    def _review(self, work: UnitOfWork, council: Council, due: Sequence[Case]) -> list[Owed]:
        contexts = with_kept_facts(load_contexts(work.connection, [case.entry_pk for case in due]), self.ruleset)
        policy = CasePolicy(council.policy, self.ruleset)
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
            due_now.append(DueEscalation(review.case, review.message))
        else:
            not_yet.append(review.case)
    return due_now, not_yet


def _after_alert(due: DueEscalation, council: Council, now: datetime, doubtful: Collection[int]) -> Case:
    # The case counts as alerted only when the message is accepted for somebody. Until then another message is due.
    again = now + timedelta(minutes=council.policy.unreached_repeat_minutes)
    # If an earlier message may have reached the council, the council gets a message when the case is over.
    warned = due.case.warned or due.case.pk in doubtful
    return replace(due.case, tried_at=now, due_at=again, warned=warned)


def _intend(
    work: UnitOfWork, council: Council, due_now: Sequence[DueEscalation], fallback: Sequence[Contact]
) -> set[int]:
    """Write the due alerts. Return the ids of cases about which an earlier message may have arrived."""
    doubtful: set[int] = set()
    # All cases that go to the same levels share one message. Withdrawn notices have a message of their own.
    groups: dict[tuple[bool, int, int], list[DueEscalation]] = {}
    for due in due_now:
        levels = due.escalation.first_level, due.escalation.last_level
        groups.setdefault((is_about_withdrawal(due.escalation.reason), *levels), []).append(due)
    for (_, first, last), members in groups.items():
        contacts = _contacts(council.policy, fallback, first, last)
        reachable = first <= len(reachable_tiers(council.policy)) or first > 1
        # If `tried_at` is set, an earlier message about the case was accepted for nobody.
        unreached = any(due.case.tried_at is not None for due in members)
        others = _operators(fallback) if unreached and last < operator_level(council.policy) else []
        alert, in_doubt = _write_alert(work, council.feed_id, members, [*contacts, *others])
        doubtful |= in_doubt
        if unreached or not reachable or not contacts:
            record_unreachable(work, council.feed_id, alert, len(members))
    return doubtful


def _contacts(policy: CouncilPolicy, fallback: Sequence[Contact], first: int, last: int) -> list[tuple[str, Contact]]:
    # A person in several tiers gets one message.
    found: dict[Contact, str] = {}
    for tier in tiers_between(policy, first, last):
        for contact in tier.contacts:
            found.setdefault(contact, tier.label)
    operators = _operators(fallback) if last >= operator_level(policy) else []
    return [*((tier, contact) for contact, tier in found.items()), *operators]


def _operators(fallback: Sequence[Contact]) -> list[tuple[str, Contact]]:
    return [(OPERATOR_TIER, contact) for contact in fallback]


def _write_alert(
    work: UnitOfWork, feed_id: str, members: Sequence[DueEscalation], contacts: Sequence[tuple[str, Contact]]
) -> tuple[str, set[int]]:
    # The lowest threshold (days before the harm) is the most urgent. The alert has this threshold and its reason.
    most_urgent = min(members, key=lambda one: one.escalation.threshold).escalation
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    alert = new_reference("A", work.store.random)
    threshold, reason = most_urgent.threshold, most_urgent.reason.value
    insert_alert(work.connection, Alert(pk, alert, feed_id, threshold, reason, work.now, len(members)))
    insert_alert_cases(work.connection, [_alert_case(pk, one) for one in members])
    in_doubt = cancel_older(work, pk, feed_id, [contact.label for _, contact in contacts])
    intend_deliveries(work, pk, contacts)
    event = AlertIntended(
        alert=alert,
        council=feed_id,
        threshold=threshold,
        reason=reason,
        cases=len(members),
        deliveries=len(contacts),
    )
    work.announce([Announcement("alerts", feed_id, event)])
    fields = event.model_dump(exclude={"council"})
    work.record_audit(AuditRow(AuditAction.ALERT_INTENDED, fields, subject=alert, feed_id=feed_id))
    return alert, in_doubt


def _alert_case(alert_pk: int, due: DueEscalation) -> Mapping[str, object]:
    return {
        "alert_pk": alert_pk,
        "case_pk": due.case.pk,
        "threshold": due.escalation.threshold,
        "reason": due.escalation.reason.value,
        "first_level": due.escalation.first_level,
        "last_level": due.escalation.last_level,
        "facts": due.case.facts,
    }
