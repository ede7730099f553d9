"""Finds other contacts for alerts that did not reach a tier."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from services.alerts.case.store.cases import cases_of_alert
from services.alerts.delivery.contacts.cover import first_addresses
from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.queue import Recipient, intend_deliveries, record_unreachable
from services.alerts.delivery.recipients.alert_writing import step_of
from services.alerts.delivery.recipients.reach import AlertSpan, failing_tiers, time_left, unreached_tiers
from services.alerts.delivery.recipients.refused_levels import take_back_refused
from services.alerts.delivery.refused_contacts.store import reported_by
from services.alerts.delivery.store.alerts import Alert, claim_to_check, move_check
from services.alerts.delivery.store.deliveries import bring_forward
from services.alerts.delivery.store.recipients import (
    DeliveryOfTier,
    deliveries_of_alert,
    tiers_reached,
    tried_elsewhere,
)
from services.alerts.policy.councils import load_council
from services.alerts.policy.escalation.levels import reachable_tiers
from services.alerts.policy.on_duty import contacts_on_duty
from services.alerts.policy.policy import TRIED_FOR
from services.alerts.policy.policy_settings import Contact, CouncilPolicy
from services.alerts.review.case import Case
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

BATCH = 200  # alerts in one transaction
# A service that refuses every message for good may be mended within minutes [P].
SOONEST_RETRY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Look:
    recipients: Sequence[Recipient]
    # None if no further look is needed.
    again: datetime | None
    brought_forward: Sequence[int] = ()  # ids of deliveries that waited for a later time, and are due now


def ask_others(store: Store, fallback: Sequence[Contact], now: datetime) -> int:
    """Write messages to other contacts if an alert did not reach a tier. Return the number of examined alerts."""
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        due = claim_to_check(connection, now, BATCH)
        for alert in due:
            _look_at(work, alert, fallback)
    return len(due)


def _look_at(work: UnitOfWork, alert: Alert, fallback: Sequence[Contact]) -> None:
    still_open = _still_open(work.connection, alert)
    # An alert without cases reports refused contacts. It is over once they take messages again.
    if not still_open and not reported_by(work.connection, alert.pk):
        move_check(work.connection, alert.pk, None)
        return
    policy = load_council(work.connection, work.store, alert.feed_id).policy
    verified = verified_contacts(work.connection, work.store.tokeniser, alert.feed_id, policy.every_contact)
    made = deliveries_of_alert(work.connection, alert.pk)
    reached = tiers_reached(work.connection, alert, still_open) if still_open else frozenset()
    elsewhere = tried_elsewhere(work.connection, alert, still_open, work.now)
    found = _look(policy, alert, made, elsewhere, reached, verified, fallback, work.now)
    if found.recipients:
        record_unreachable(work, alert.feed_id, alert.reference, alert.cases)
        intend_deliveries(work, alert.pk, found.recipients)
    bring_forward(work.connection, found.brought_forward, work.now)
    again = found.again
    if again is None and not take_back_refused(work, alert, policy, made, reached, still_open):
        again = work.now + step_of(policy, urgent=alert.urgent)
    move_check(work.connection, alert.pk, again)


def _still_open(connection: Connection, alert: Alert) -> list[int]:
    # Nobody else needs to hear of a case that is over, or on which somebody acts.
    return [case.pk for case in cases_of_alert(connection, alert.pk) if not (case.clock_stopped or _acts(case, alert))]


def _acts(case: Case, alert: Alert) -> bool:
    # A pause that ended before the message went out excuses nobody. After a later pause a new alert is written.
    sent_at = max(alert.created_at, case.tried_at or alert.created_at)
    return case.paused_until is not None and case.paused_until > sent_at


def _look(
    policy: CouncilPolicy,
    alert: Alert,
    made: Sequence[DeliveryOfTier],
    elsewhere: Mapping[tuple[str, str], datetime | None],
    reached: Collection[str],
    verified: Collection[Contact],
    fallback: Sequence[Contact],
    now: datetime,
) -> _Look:
    step = step_of(policy, urgent=alert.urgent)
    order = [*(tier.label for tier in reachable_tiers(policy)), OPERATOR_TIER]
    # An alert reaches a tier when a message to a verified address of the tier is accepted.
    unreached = [tier for tier in unreached_tiers(made, order, alert.created_at) if tier not in reached]
    span = AlertSpan(alert.created_at, step)
    failing = failing_tiers(made, unreached, span, now)
    until = time_left(made, unreached, failing, span, now) if unreached else None
    if until is not None or not unreached:
        return _Look((), until)
    retry = max(step, SOONEST_RETRY)
    tried = {(one.contact, one.channel) for one in made if not one.was_refused_by(now - retry)}
    people = {one.contact for one in made if one.tier in failing}
    for tier, contacts in _next_in_line(policy, people, failing, fallback, now):
        addresses = [(one.person, one.channel) for one in contacts]
        left = [one for one in contacts if (one.person, one.channel) not in tried | elsewhere.keys()]
        if tier in reached:
            # Somebody in their place has had a message about all these cases.
            break
        recipients = [
            Recipient(tier, one, now, one in verified or tier == OPERATOR_TIER)
            for one in first_addresses(left, verified)
        ]
        if recipients:
            # An address that nobody has verified covers for nobody, so the next are asked at once.
            return _Look(recipients, now + step if any(one.verified for one in recipients) else now)
        # Asked in place of others, a person does not wait for the next working day.
        waiting = [one.pk for one in made if one.tier == tier and one.waits(now)]
        if waiting:
            return _Look((), now + step, waiting)
        # What waits for one person is joined, so an alert of their own tries each of them.
        looks = [elsewhere.get(address) for address in addresses if address not in tried]
        soon = [at for at in looks if at is not None and now < at <= now + step]
        if soon:
            return _Look((), min(soon))
    if alert.accepted_at is not None or not any(one.refused for one in made):
        return _Look((), None)
    # Nobody is left. Until the message is written anew, everybody who refused it is asked again.
    again = now + retry
    tried_on = again < alert.created_at + TRIED_FOR or any(one.due_at is not None for one in made)
    return _Look((), again if tried_on else None)


def _next_in_line(
    policy: CouncilPolicy,
    people: Collection[str],
    unreached: Collection[str],
    fallback: Sequence[Contact],
    now: datetime,
) -> Iterator[tuple[str, Sequence[Contact]]]:
    tiers = reachable_tiers(policy)
    # First other addresses of the same people, then colleagues who are off duty, the tiers after it, the operator.
    for tier in tiers:
        if tier.label in unreached:
            yield tier.label, [one for one in tier.contacts if one.person in people]
    yield from ((tier.label, tier.contacts) for tier in tiers if tier.label in unreached)
    last = max((place for place, tier in enumerate(tiers) if tier.label in unreached), default=len(tiers))
    yield from ((tier.label, contacts_on_duty(policy, tier, now)) for tier in tiers[last + 1 :])
    yield OPERATOR_TIER, fallback
