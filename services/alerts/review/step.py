"""All functions are pure, except that `apply` appends to `transitions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from schemas.codes import CaseEvent, CaseState
from services.alerts.policy.escalation.reminders import threshold_at
from services.alerts.policy.policy_settings import CouncilPolicy
from services.alerts.review.case import Case, Entry
from services.alerts.review.line_memory import LineMemory, memories, of_line, stored
from services.alerts.review.risk import Risk
from services.alerts.review.withdrawal import is_about_withdrawal
from services.alerts.states.machine import ALERTS_AT_ONCE, ENDED, Move, Refuse, decide
from services.alerts.states.rules import Ruleset

# States in which the council itself has ended the case: no message about the end is due.
KNOWN_TO_COUNCIL = ENDED - {CaseState.NOTICE_WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Transition:
    # If the event is about the whole case, `providers` is None.
    event: CaseEvent
    before: CaseState
    after: CaseState
    providers: tuple[str, ...] | None = None


def new_case(pk: int, reference: str, entry: Entry, ruleset: Ruleset, now: datetime) -> Case:
    return Case(
        pk=pk,
        reference=reference,
        feed_id=entry.feed_id,
        entry_pk=entry.pk,
        state=CaseState.OPEN,
        state_since=now,
        opened_at=now,
        rulesets=(ruleset.name,),
    )


def apply(
    case: Case, event: CaseEvent, now: datetime, transitions: list[Transition], providers: tuple[str, ...] | None = None
) -> Case:
    """Return the case after the event. If the state refuses the event, return the case unchanged."""
    decision = decide(case.state, event)
    if isinstance(decision, Refuse):
        return case
    after = decision.to if isinstance(decision, Move) else case.state
    transitions.append(Transition(event, case.state, after, providers))
    # A council that ended the case itself needs no message that the case is over.
    since, warned = case.state_since if after is case.state else now, case.warned and after not in KNOWN_TO_COUNCIL
    if case.ended and after not in ENDED:
        # Nobody has had a message about the new danger.
        case = replace(case, asked=0, unanswered=0, acknowledged_times=0)
    case = replace(case, state=after, state_since=since, warned=warned)
    return with_news(case, now) if event in ALERTS_AT_ONCE else case


def with_news(case: Case, now: datetime) -> Case:
    """Return the case with one more fact. If the clock of the case runs, earlier alerts and pauses no longer count."""
    case = replace(case, facts=case.facts + 1)
    # While the clock is stopped nothing is escalated. The event that starts the clock again resets these values.
    if case.clock_stopped:
        return case
    # Earlier alerts and acknowledgements do not cover the new fact.
    return replace(case, opened_at=now, last_alert_at=None, last_threshold=None, paused_until=None, tried_at=None)


class MessageAboutCase(NamedTuple):
    # In days before the harm.
    threshold: int
    first_level: int
    last_level: int


def with_accepted(case: Case, message: MessageAboutCase, reason: str, policy: CouncilPolicy, at: datetime) -> Case:
    if is_about_withdrawal(reason):
        # The council now knows that the warning is over, so no further message is due.
        return replace(case, warned=False, tried_at=None, tried_alert=None)
    # The message may have waited, and says what is true when it is sent: a threshold reached meanwhile counts too.
    threshold = min(message.threshold, threshold_at(case.clock, policy, at))
    is_reminder = message.first_level == 1
    return replace(
        case,
        last_alert_at=at,
        # A message to the next level alone takes no reminder of a threshold from the levels before it.
        last_threshold=threshold if is_reminder else case.last_threshold,
        asked=max(case.asked, message.last_level),
        unanswered=case.unanswered + is_reminder,
        warned=True,
        tried_at=None,
        tried_alert=None,
    )


def with_risk(case: Case, found: Risk | None, kept: frozenset[str], transitions: Sequence[Transition]) -> Case:
    known = {key: replace(one, known_as=None) for key, one in memories(case).items() if key in kept}
    if found is None:
        # If danger comes back, every fact about it is news again. What a person said about a line is kept.
        known = {key: replace(one, restricted=None) for key, one in known.items()}
        return replace(case, lines=0, seen=stored(_with_something(known)))
    for line in found.lines:
        known[line.key] = replace(of_line(known, line), known_as=line.known_as)
    return replace(
        case,
        lines=len(found.lines),
        level=found.level,
        harm_on=found.harm_on,
        planned_on=found.planned_on,
        restriction_on=found.restriction_on,
        notice_issued_at=_issued_at(case, found, transitions),
        providers=tuple(sorted({line.provider for line in found.lines})),
        seen=stored(_with_something(known)),
    )


def remember(case: Case, line_key: str, memory: LineMemory) -> Case:
    return replace(case, seen={**case.seen, **stored({line_key: memory})})


def _with_something(known: dict[str, LineMemory]) -> dict[str, LineMemory]:
    return {key: one for key, one in known.items() if one != LineMemory(one.provider)}


def _issued_at(case: Case, found: Risk, transitions: Sequence[Transition]) -> datetime:
    # The first version of the notice counts until a new danger comes, because it shows how early the provider gave
    # notice.
    is_new = not case.lines or any(one.event is CaseEvent.NEW_NOTICE for one in transitions)
    known = None if is_new else case.notice_issued_at
    return min(known, found.issued_at) if known else found.issued_at
