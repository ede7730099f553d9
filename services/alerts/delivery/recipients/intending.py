from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.queue import Recipient, record_unreachable
from services.alerts.delivery.recipients.alert_writing import AlertToWrite, WrittenAlert, first_sent, write_alert
from services.alerts.delivery.recipients.asked import contacts_asked
from services.alerts.delivery.store.recipients import last_messages
from services.alerts.policy.councils import Council
from services.alerts.policy.escalation.case_clock import Escalation
from services.alerts.policy.escalation.levels import reachable_tiers
from services.alerts.policy.escalation.slots import LONGEST_WAIT, LastMessages, next_slot
from services.alerts.policy.policy import TRIED_FOR, next_awake
from services.alerts.policy.policy_settings import Contact, CouncilPolicy
from services.alerts.review.case import Case
from services.alerts.review.withdrawal import is_about_withdrawal, next_message
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DueEscalation:
    case: Case
    escalation: Escalation
    turns_at: datetime | None  # as in `Owed`


class _Group(NamedTuple):
    # Withdrawn notices have a message of their own.
    withdrawn: bool
    first_level: int
    last_level: int
    urgent: bool


def intend(
    work: UnitOfWork, council: Council, due_now: Sequence[DueEscalation], fallback: Sequence[Contact]
) -> list[Case]:
    """Write the alerts about the due cases. Return these cases with the times of their next messages."""
    groups: dict[_Group, list[DueEscalation]] = {}
    for due in due_now:
        groups.setdefault(_group(due.escalation), []).append(due)
    people = last_messages(work.connection, council.feed_id, work.now - LONGEST_WAIT) if groups else {}
    return [
        case
        for group, members in groups.items()
        for case in _write(work, council, group, members, _recipients(work, council, group, members, fallback, people))
    ]


def _group(escalation: Escalation) -> _Group:
    about_withdrawal = is_about_withdrawal(escalation.reason)
    return _Group(about_withdrawal, escalation.first_level, escalation.last_level, escalation.urgent)


def _recipients(
    work: UnitOfWork,
    council: Council,
    group: _Group,
    members: Sequence[DueEscalation],
    fallback: Sequence[Contact],
    people: Mapping[str, LastMessages],
) -> list[Recipient]:
    verified = verified_contacts(work.connection, work.store.tokeniser, council.feed_id, council.policy.every_contact)
    levels = (group.first_level, group.last_level)
    asked = contacts_asked(council.policy, levels, verified, fallback, work.now, unreached=_unreached(members))
    # A message that reached nobody before is late already.
    at_once = group.urgent or _unreached(members)
    return [
        Recipient(
            tier,
            contact,
            _slot(council.policy, members, people.get(contact.person, LastMessages()), work.now, urgent=at_once),
            # The operator answers for the operator's own contacts.
            contact in verified or tier == OPERATOR_TIER,
        )
        for contact, tier in asked.items()
    ]


def _slot(
    policy: CouncilPolicy, members: Sequence[DueEscalation], last: LastMessages, now: datetime, *, urgent: bool
) -> datetime:
    slot = next_slot(policy, last, now, urgent=urgent)
    if slot == now or not urgent:
        return slot
    # The time between two urgent messages to a person may reach into the night.
    return min(next_awake(due.case.clock, policy, slot) for due in members)


def _unreached(members: Sequence[DueEscalation]) -> bool:
    # If `tried_at` is set, an earlier message about the case was accepted for nobody.
    return any(due.case.tried_at is not None for due in members)


def _write(
    work: UnitOfWork,
    council: Council,
    group: _Group,
    members: Sequence[DueEscalation],
    recipients: Sequence[Recipient],
) -> Iterator[Case]:
    # The lowest threshold (days before the harm) is the most urgent. The alert has this threshold and its reason.
    most_urgent = min(members, key=lambda one: one.escalation.threshold).escalation
    case_rows = [_case_row(one) for one in members]
    alert = AlertToWrite(
        council.feed_id, most_urgent.threshold, most_urgent.reason.value, group.urgent, case_rows, recipients
    )
    written = write_alert(work, council.policy, alert)
    if _unreached(members) or not recipients or not reachable_tiers(council.policy):
        record_unreachable(work, council.feed_id, written.reference, len(members))
    sent_at = first_sent(recipients, work.now)
    for due in members:
        # The case counts as alerted only when the message is accepted for somebody. Until then another is due.
        tried = replace(due.case, tried_at=sent_at, tried_alert=written.pk, warned=_is_warned(due.case, written))
        again = _next_message_at(tried, council.policy, sent_at, work.now)
        yield replace(tried, due_at=again if due.turns_at is None else min(again, due.turns_at))


def _next_message_at(tried: Case, policy: CouncilPolicy, sent_at: datetime, now: datetime) -> datetime:
    again = sent_at + TRIED_FOR
    following = next_message(tried, policy, now)
    # A reminder may be due before. A time that is not ahead would write the same message again at once.
    return min(again, following.due_at) if following is not None and following.due_at > sent_at else again


def _is_warned(case: Case, written: WrittenAlert) -> bool:
    # If an earlier message may have reached the council, the council gets a message when the case is over.
    return case.warned or case.pk in written.in_doubt


def _case_row(due: DueEscalation) -> Mapping[str, object]:
    return {
        "case_pk": due.case.pk,
        "threshold": due.escalation.threshold,
        "reason": due.escalation.reason.value,
        "first_level": due.escalation.first_level,
        "last_level": due.escalation.last_level,
        "facts": due.case.facts,
    }
