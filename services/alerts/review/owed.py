"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from schemas.codes import CaseEvent, CaseState, ServiceStatus
from services.alerts.policy.policy import CouncilPolicy, Escalation
from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.clock_correction import corrected, with_possible_pause
from services.alerts.review.consent.snapshot import snapshot
from services.alerts.review.line_memory import announced_by, is_held, memories, of_line
from services.alerts.review.risk import Risk, all_rejected, assess_risk, lines_at_risk, open_lines
from services.alerts.review.rules_in_force import rules_of, with_rules
from services.alerts.review.step import Transition, apply, remember, with_risk
from services.alerts.review.timeline import play, turning_days
from services.alerts.review.withdrawal import next_message
from services.alerts.states.machine import CHECKED
from services.alerts.states.rules import Ruleset
from services.core.clock import london_day, london_midnight

# The longest time between two reviews of an open case. A due time further ahead was written by a wrong clock.
LOOK_AGAIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CasePolicy:
    # If `ruleset` or `version` is None, the case keeps its earlier value.
    council: CouncilPolicy
    ruleset: Ruleset | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    # `message` may be due now or later.
    case: Case
    transitions: tuple[Transition, ...]
    message: Escalation | None
    # A provider joined or left, or an earlier notice came, but the case had no transition.
    lines_changed: bool = False
    # The review made the pause of the case shorter. False if it cancelled the pause.
    pause_shortened: bool = False
    rules_before: tuple[str, ...] = ()
    risk: Risk | None = None  # None if no line is at risk
    # When the calendar next changes the case, such as at the start of a restriction. Only the next day counts.
    turns_at: datetime | None = None

    @property
    def rules_changed(self) -> bool:
        return self.case.revision > 0 and self.rules_before != self.case.rulesets


def what_is_owed(
    case: Case,
    entry: Entry,
    lines: Sequence[Line],
    policy: CasePolicy,
    now: datetime,
    before: Sequence[Transition] = (),
) -> Owed:
    """Return the case after a review, with the next message about the case.

    A second review of the same facts changes nothing.
    """
    transitions, rules_before, paused_until = list(before), case.rulesets, case.paused_until
    case = corrected(case, now, transitions, lines)
    if policy.ruleset is not None:
        case = with_rules(case, entry, lines, policy.ruleset)
    rulesets = rules_of(case, policy.ruleset)
    found = assess_risk(case, entry, lines, rulesets)
    known = (case.providers, case.notice_issued_at)
    # News without a date comes first. Then come events that have a day, in the order of their days.
    for event in _news(case, entry, lines, found, rulesets):
        case = apply(case, event, now, transitions)
    case = _with_lines(case, lines, found, transitions, now)
    changed = (case.providers, case.notice_issued_at) != known
    if case.ended:
        # Nobody is owed anything about a case that a person has ended, so no change of a feed can end or delay it.
        case = replace(case, changes_wait_since=None, changes_raised_on=None)
    # The pause depends on the harmful day, which the lines may just have changed.
    case = with_possible_pause(case, policy.council, now)
    message, turns_at = next_message(case, policy.council, now), _turns_at(case, lines, now)
    case = replace(
        case,
        believed=snapshot(entry, lines),
        due_at=_due_at(case, message, turns_at, policy.council, now),
        # The case keeps on record by which policy its next message was decided.
        policy_version=case.policy_version if policy.version is None else policy.version,
    )
    lines_changed = changed and not transitions and case.revision > 0
    shortened = case.paused_until not in (None, paused_until)
    return Owed(case, tuple(transitions), message, lines_changed, shortened, rules_before, found, turns_at)


def _with_lines(
    case: Case, lines: Sequence[Line], found: Risk | None, transitions: list[Transition], now: datetime
) -> Case:
    # Computed before the memories change. Afterwards a move that was only reported would look announced.
    announced = announced_by(memories(case), lines)
    reported = [line for line in (found.lines if found else ()) if _is_reported_now(case, line)]
    case = with_risk(case, found, frozenset(line.key for line in lines), transitions)
    at_risk = found.lines if found else ()
    claimed = tuple(sorted({line.provider for line in at_risk if line.reported and line.provider not in announced}))
    case = case if claimed == case.claimed_by else replace(case, claimed_by=claimed)
    case = play(case, found, reported, announced, now, transitions)
    return _doubted(case, at_risk, now, transitions)


def _is_reported_now(case: Case, line: Line) -> bool:
    known = of_line(memories(case), line).known_as
    return line.reported and line.alertable and known != line.known_as


def _news(
    case: Case, entry: Entry, lines: Sequence[Line], found: Risk | None, rulesets: Sequence[Ruleset]
) -> Iterator[CaseEvent]:
    if found is None:
        gone = not entry.live or entry.service_status is ServiceStatus.ENDED
        if case.lines or (gone and case.revision > 0 and not case.ended):
            over = _why_over(case, entry, lines, rulesets)
            if over is not None:
                yield over
        return
    if case.revision == 0:
        return
    if _is_new_danger(case, found):
        yield CaseEvent.NEW_NOTICE
    elif _is_other_line(case, found):
        yield CaseEvent.LINE_AT_RISK
    elif case.lines and case.harm_on != found.harm_on:
        yield _date_event(case.harm_on, found.harm_on)
    if case.lines and case.level is not None and found.level.rank > case.level.rank:
        yield CaseEvent.MATCH_SURER
    elif case.lines and _joined(case, found):
        yield CaseEvent.NEW_NOTICE


def _joined(case: Case, found: Risk) -> bool:
    return any(line.alertable and line.provider not in case.providers for line in found.pending)


def _why_over(case: Case, entry: Entry, lines: Sequence[Line], rulesets: Sequence[Ruleset]) -> CaseEvent | None:
    if not entry.live or entry.service_status is ServiceStatus.ENDED:
        return CaseEvent.END_SERVICE
    # A test call after the move has passed, so the danger is over.
    if case.state in CHECKED:
        return None
    at_risk = lines_at_risk(entry, lines, memories(case), rulesets)
    if all_rejected(case, lines) and not open_lines(case, at_risk):
        return CaseEvent.REJECT_MATCH
    return CaseEvent.WITHDRAW_NOTICE


def _is_new_danger(case: Case, found: Risk) -> bool:
    known = memories(case)
    unknown = any(of_line(known, line).known_as is None for line in found.pending)
    # A check or a hold covers only the lines that were known at that time.
    if case.state in CHECKED:
        return unknown
    return case.ended or not case.lines or (unknown and case.state is CaseState.HOLD_CONFIRMED)


def _is_other_line(case: Case, found: Risk) -> bool:
    if case.state in CHECKED:
        return any(not _is_reported_now(case, line) for line in found.lines)
    if case.state is not CaseState.HOLD_CONFIRMED or case.hold_until is None:
        return False
    known = memories(case)
    return any(line.alertable and not is_held(of_line(known, line), case.hold_until) for line in found.pending)


def _date_event(before: date | None, after: date | None) -> CaseEvent:
    earlier = after is not None and (before is None or after < before)
    return CaseEvent.MOVE_DATE_EARLIER if earlier else CaseEvent.MOVE_DATE_LATER


def _doubted(case: Case, at_risk: Sequence[Line], now: datetime, transitions: list[Transition]) -> Case:
    for line in at_risk:
        memory = of_line(memories(case), line)
        # A doubt is news once for each version of the notice, unless a person has settled it.
        if line.rival is None or line.revision in (memory.settled, memory.doubted):
            continue
        if case.revision > 0:
            case = apply(case, CaseEvent.VERSIONS_DIFFER, now, transitions, (line.provider,))
        case = remember(case, line.key, replace(memory, doubted=line.revision))
    return case


def _gathered(case: Case, message: Escalation, policy: CouncilPolicy) -> datetime:
    # Only the first message about a case waits for other new cases to join it.
    if case.last_alert_at is not None or case.tried_at is not None:
        return message.due_at
    gathered = case.opened_at + timedelta(seconds=policy.grouping_seconds)
    # Further news does not put the message off: a feed that sends some every few seconds would stop it.
    return max(message.due_at, gathered if case.due_at is None else min(gathered, case.due_at))


def _turns_at(case: Case, lines: Sequence[Line], now: datetime) -> datetime | None:
    # The notices on an area may have very many days.
    following = min(turning_days(case, lines, after=london_day(now)), default=None)
    return None if following is None else london_midnight(following)


def _due_at(
    case: Case, message: Escalation | None, turns_at: datetime | None, policy: CouncilPolicy, now: datetime
) -> datetime | None:
    moments = [] if turns_at is None else [turns_at]
    if message is not None:
        moments.append(_gathered(case, message, policy))
    if case.state is CaseState.ACKNOWLEDGED and case.paused_until is not None:
        moments.append(case.paused_until)
    # An open case always has a due time, so that an error in the rules cannot silence it.
    if not case.ended:
        moments.append(now + LOOK_AGAIN)
    return min(moments, default=None)
