"""Asks others if a tier of an alert cannot be reached: the next tier, and in the end the operator of Pullcord.

A tier counts as reached if a channel accepted the message for at least one of its contacts, and has not refused it
since. Where a channel gives receipts, the receipt must have come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from services.alerts.case.store.cases import cases_of_alert
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.queue import Recipient, intend_deliveries, record_unreachable
from services.alerts.delivery.recipients.alert_writing import step_of
from services.alerts.delivery.recipients.reach import time_left, unreached_tiers
from services.alerts.delivery.refused_contacts.store import reported_by
from services.alerts.delivery.store.alerts import Alert, claim_to_check, move_check
from services.alerts.delivery.store.recipients import DeliveryOfTier, deliveries_of_alert
from services.alerts.policy.councils import load_council
from services.alerts.policy.levels import reachable_tiers
from services.alerts.policy.on_duty import contacts_on_duty, first_addresses
from services.alerts.policy.policy_settings import Contact, CouncilPolicy
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

BATCH = 200  # alerts in one transaction


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at an alert found: whom to ask, and when to look again. `again` is None if all is well or done."""

    recipients: Sequence[Recipient]
    again: datetime | None


def ask_others(store: Store, fallback: Sequence[Contact], now: datetime) -> int:
    """Look at the alerts that are due for a look, and ask others where a tier is not reached.

    Return the number of alerts that were looked at.
    """
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        due = claim_to_check(connection, now, BATCH)
        for alert in due:
            _look_at(work, alert, fallback)
    return len(due)


def _look_at(work: UnitOfWork, alert: Alert, fallback: Sequence[Contact]) -> None:
    if not _still_open(work.connection, alert):
        move_check(work.connection, alert.pk, None)
        return
    policy = load_council(work.connection, work.store, alert.feed_id).policy
    found = _look(policy, alert, deliveries_of_alert(work.connection, alert.pk), fallback, work.now)
    if found.recipients:
        record_unreachable(work, alert.feed_id, alert.reference, alert.cases)
        intend_deliveries(work, alert.pk, found.recipients)
    move_check(work.connection, alert.pk, found.again)


def _still_open(connection: Connection, alert: Alert) -> bool:
    # An alert without cases reports refused contacts. It is over once they take messages again.
    if not alert.cases:
        return bool(reported_by(connection, alert.pk))
    # Nobody else needs to hear of a case that is over, or on which somebody acts.
    return any(
        not case.clock_stopped and (case.paused_until is None or case.paused_until < alert.created_at)
        for case in cases_of_alert(connection, alert.pk)
    )


def _look(
    policy: CouncilPolicy, alert: Alert, made: Sequence[DeliveryOfTier], fallback: Sequence[Contact], now: datetime
) -> _Look:
    step = step_of(policy, urgent=alert.urgent)
    order = [*(tier.label for tier in reachable_tiers(policy)), OPERATOR_TIER]
    unreached = unreached_tiers(made, order, alert.created_at)
    if not unreached:
        return _Look((), None)
    until = time_left(made, unreached, alert.created_at, step, now)
    if until is not None:
        return _Look((), until)
    tried = {(one.contact, one.channel) for one in made}
    people = {one.contact for one in made if one.tier in unreached}
    for tier, contacts in _next_in_line(policy, people, unreached, fallback, now):
        left = [one for one in contacts if (one.person, one.channel) not in tried]
        recipients = [Recipient(tier, one, now) for one in first_addresses(left)]
        if recipients:
            return _Look(recipients, now + step)
    return _Look((), None)


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
