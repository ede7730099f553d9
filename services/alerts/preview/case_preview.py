from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from services.alerts.case.guard import with_kept_facts
from services.alerts.case.store.contexts import CaseContext, find_facts
from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.store.recipients import last_messages
from services.alerts.policy.councils import load_council
from services.alerts.policy.escalation.case_clock import EscalationReason
from services.alerts.policy.escalation.slots import LONGEST_WAIT
from services.alerts.policy.policy_settings import Contact
from services.alerts.preview.simulation import CaseSimulation, ForeseenMessage
from services.alerts.review.case import Case
from services.alerts.review.consent.snapshot import Facts
from services.alerts.review.owed import CasePolicy
from services.alerts.states.rules import Ruleset
from services.core.clock import LONDON
from services.storage.store import Store

MOST_MESSAGES: Final = 200  # in one preview [P]
LONGEST_PREVIEW: Final = 366  # days [P]
OPERATOR: Final = "operator of Pullcord"

ASSUMPTIONS: Final = (
    "Nobody acts on the case, and no notice and no register entry changes.",
    "The policy, its contacts and its rota stay as they are.",
    "Each message is accepted at once by the first address of each person.",
    "A message that is on its way now is shown as sent now.",
    "The council has no other open case: with others, a person gets one message about several.",
)
_REASONS: Final = {
    EscalationReason.FIRST_ALERT: "the first message about the case",
    EscalationReason.SOMETHING_CHANGED: "something about the case has changed since the last message",
    EscalationReason.THRESHOLD_REACHED: "the harmful day comes nearer",
    EscalationReason.REPEAT: "nobody has acted since the last message",
    EscalationReason.ACKNOWLEDGEMENT_LAPSED: "the pause after an act has ended",
    EscalationReason.URGENT_STATE: "the line was moved or restricted, and the resident is not known to be safe",
    EscalationReason.POST_CHECK: "no test call after the move has passed",
    EscalationReason.DATE_UNKNOWN: "the harmful day is not known",
    EscalationReason.NOBODY_ANSWERED: "nobody has answered the earlier messages",
    EscalationReason.NOTHING_MOVED: "the case was acknowledged again and again, and nothing has moved",
    EscalationReason.NOTICE_WITHDRAWN: "the notice was withdrawn",
    EscalationReason.CHANGES_WAIT: "a change of a feed waits until a person agrees",
}


class PreviewedPerson(BaseModel):
    """A contact who would get a message, and the tier of the contact."""

    model_config = ConfigDict(frozen=True)

    person: str
    tier: str


class PreviewedMessage(BaseModel):
    """A message that would be sent. `at` is in UK time. `threshold` is in days before the harmful day."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    reason: EscalationReason
    why: str
    threshold: int
    urgent: bool
    people: list[PreviewedPerson]


class CasePreview(BaseModel):
    """The messages that would be sent about a case up to `until`.

    The preview assumes that nobody acts. `complete` is false if the preview leaves out later messages.
    """

    model_config = ConfigDict(frozen=True)

    case: str
    policy_version: int
    until: datetime
    assumptions: list[str]
    messages: list[PreviewedMessage]
    complete: bool


def preview_case(
    connection: Connection, store: Store, ruleset: Ruleset, fallback: Sequence[Contact], case: Case, days: int
) -> CasePreview:
    """Return at most `MOST_MESSAGES` messages. Nothing is written."""
    council, now = load_council(connection, store, case.feed_id), store.now()
    context = CaseContext(*find_facts(connection, [case.entry_pk])[case.entry_pk], case)
    kept = with_kept_facts({case.entry_pk: context}, ruleset)[case.entry_pk]
    until = now + timedelta(days=days)
    simulation = CaseSimulation(
        case,
        Facts(kept.entry, kept.lines),
        CasePolicy(council.policy, ruleset),
        verified_contacts(connection, store.tokeniser, case.feed_id, council.policy.every_contact),
        fallback,
        dict(last_messages(connection, case.feed_id, now - LONGEST_WAIT)),
    )
    # One more than is shown tells that there are more.
    found = list(islice(simulation.run(now, until), MOST_MESSAGES + 1))
    return CasePreview(
        case=case.reference,
        policy_version=council.version,
        until=until.astimezone(LONDON),
        assumptions=list(ASSUMPTIONS),
        messages=[_shown(one) for one in found[:MOST_MESSAGES]],
        complete=len(found) <= MOST_MESSAGES,
    )


def _shown(message: ForeseenMessage) -> PreviewedMessage:
    told = [
        PreviewedPerson(person=one.person, tier=OPERATOR if one.tier == OPERATOR_TIER else one.tier)
        for one in message.people
    ]
    return PreviewedMessage(
        at=message.at.astimezone(LONDON),
        reason=message.escalation.reason,
        why=_REASONS[message.escalation.reason],
        threshold=message.escalation.threshold,
        urgent=message.escalation.urgent,
        people=told,
    )
