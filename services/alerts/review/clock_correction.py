"""All functions are pure, except that `corrected` appends to `transitions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from schemas.codes import CaseEvent, CaseState
from services.alerts.policy.escalation.pauses import latest_end_of_pause, pause_until
from services.alerts.policy.escalation.slots import LONGEST_WAIT
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.case import Case, Line
from services.alerts.review.line_memory import memories, stored
from services.alerts.review.step import Transition, with_news
from services.alerts.states.machine import ALERTS_AT_ONCE
from services.core.clock import CLOCKS_APART, london_day

STEPS_KEPT = 8


def with_step(case: Case, before: Case, event: CaseEvent, moment: datetime, line: Line | None) -> Case:
    step = {
        "on": moment.isoformat(),
        "event": event.value,
        "from": before.state.value,
        "to": case.state.value,
        "hold_until": str(before.hold_until) if before.hold_until else None,
        "review_on": str(before.review_on) if before.review_on else None,
        "line": line.key if line else None,
    }
    return replace(case, time_steps=(*case.time_steps[1 - STEPS_KEPT :], step))


def without_step(case: Case, event: CaseEvent) -> Case:
    # A report confirms what the calendar assumed, and no wrong clock undoes a report.
    kept = tuple(step for step in case.time_steps if step["event"] != event.value)
    return case if len(kept) == len(case.time_steps) else replace(case, time_steps=kept)


def without_steps_until(case: Case, tested_at: datetime) -> Case:
    # The person who made a test call says when. The days before that time have come, whatever a clock shows later.
    kept = tuple(step for step in case.time_steps if datetime.fromisoformat(step["on"]) > tested_at)
    return case if len(kept) == len(case.time_steps) else replace(case, time_steps=kept)


def corrected(case: Case, now: datetime, transitions: list[Transition], lines: Sequence[Line] = ()) -> Case:
    # Only a clock that ran ahead can have recorded a future time. But if a provider has sent something since then, it
    # is the clock that is slow now.
    latest = max([now + CLOCKS_APART, *(line.issued_at for line in lines)])
    wrong = [step for step in case.time_steps if datetime.fromisoformat(step["on"]) > latest]
    case = _with_possible_moments(case, now)
    if not wrong:
        return case
    before = case.state
    # The newest step is undone first, because a step can only be undone from the state that it led to.
    for step in reversed(wrong):
        case = _undone(case, step)
    kept = tuple(step for step in case.time_steps if step not in wrong)
    transitions.append(Transition(CaseEvent.CORRECT_CLOCK, before, case.state))
    case = replace(case, time_steps=kept, state_since=now)
    # The end of a pause was no news, so undoing it is none either: the pause goes on and ends with a message, as
    # whoever acted expects.
    return with_news(case, now) if any(step["event"] in ALERTS_AT_ONCE for step in wrong) else case


def _undone(case: Case, step: Mapping[str, Any]) -> Case:
    # News since then has ended the pause, and opened the case whether the pause had run out or not.
    if step["event"] == CaseEvent.ACKNOWLEDGEMENT_LAPSED and case.paused_until is None:
        return case
    # If a person's act has changed the state since, the person's state is kept.
    if case.state.value == step["to"]:
        case = replace(case, state=CaseState(step["from"]))
    # A hold that was confirmed since then has its own last day.
    if step["event"] == CaseEvent.END_HOLD and step["hold_until"] and case.hold_until is None:
        held = {key: replace(one, held_until=step["hold_until"]) for key, one in memories(case).items()}
        case = replace(case, hold_until=date.fromisoformat(step["hold_until"]), seen=stored(held))
    if step["event"] == CaseEvent.REVIEW_DUE and step["review_on"]:
        case = replace(case, review_on=case.review_on or date.fromisoformat(step["review_on"]))
    if step["event"] == CaseEvent.RESTRICT_LINE:
        known = memories(case)
        told = {key: replace(one, restricted=None) for key, one in known.items() if key == str(step["line"])}
        case = replace(case, seen=stored({**known, **told}))
    return case


def _with_possible_moments(case: Case, now: datetime) -> Case:
    latest = now + CLOCKS_APART
    told = case.last_alert_at is not None and case.last_alert_at > latest
    possible: dict[str, Any] = {
        "opened_at": min(case.opened_at, now) if case.opened_at > latest else case.opened_at,
        "state_since": now if case.state_since > latest else case.state_since,
        "last_alert_at": None if told else case.last_alert_at,
        "last_threshold": None if told else case.last_threshold,
        "tried_at": None if case.tried_at is not None and case.tried_at > latest + LONGEST_WAIT else case.tried_at,
        "changes_wait_since": case.changes_wait_since and min(case.changes_wait_since, now),
        "changes_raised_on": case.changes_raised_on and min(case.changes_raised_on, london_day(now)),
        "relaxed_at": case.relaxed_at and min(case.relaxed_at, now),
    }
    is_possible = all(getattr(case, name) == value for name, value in possible.items())
    return case if is_possible else replace(case, **possible)


def with_possible_pause(case: Case, policy: CouncilPolicy, now: datetime) -> Case:
    # A longer pause was allowed by an earlier policy or an earlier harmful day, or written by a wrong clock.
    if case.paused_until is None or case.paused_until <= latest_end_of_pause(policy, case.clock, now) + CLOCKS_APART:
        return case
    # It lasts as if the person acted now. A case without a pause would be silent until its next reminder, which may be
    # much later than the end of the pause.
    return replace(case, paused_until=min(case.paused_until, pause_until(policy, case.clock, now, is_step=True)))
