"""What becomes of a case when its lines, its entry or the time have changed. Pure.

`review` is the one rule: it is called when a match changes and when a case falls due, and called twice with the same
facts it changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from schemas.codes import NoticeStatus, ServiceStatus
from services.alerts.case import Case, Entry, Line
from services.alerts.danger import Danger, all_rejected, danger
from services.alerts.machine import ALERTS_AT_ONCE, ENDED, MOVED, Event, Move, Refuse, State, decide
from services.alerts.policy import CouncilPolicy
from services.alerts.rules import Ruleset
from services.alerts.withdrawal import next_message
from services.core.clock import london_day, london_midnight

RESTRICTED = "restricted"
"""The key in `Case.seen` under which the day of the restriction already told is kept."""


REVIEWED = frozenset({State.CONFIRMED_SAFE, State.POST_CHECK_PASSED, State.CLOSED})
"""States in which an interim solution is still looked at again when its day comes."""

KNOWN_TO_COUNCIL = ENDED - {State.NOTICE_WITHDRAWN}
"""Ends that the council brought about itself: it need not be told of them."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a case, as decided: from where to where (the same where it stays)."""

    event: Event
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class Review:
    """A case after a review, and what happened to it in turn."""

    case: Case
    happenings: tuple[Happening, ...]
    lines_changed: bool = False
    """Whether a provider joined or left, or an earlier notice came, though nothing happened to the case by it."""


def opened(pk: int, reference: str, entry: Entry, ruleset: Ruleset, now: datetime) -> Case:
    """A new case, before anything is known of its lines."""
    return Case(
        pk=pk,
        reference=reference,
        feed_id=entry.feed_id,
        entry_pk=entry.pk,
        state=State.OPEN,
        state_since=now,
        opened_at=now,
        ruleset=ruleset.name,
    )


def review(
    case: Case, entry: Entry, lines: Sequence[Line], policy: CouncilPolicy, ruleset: Ruleset, now: datetime
) -> Review:
    """Bring a case up to what its lines and the time say, and say when it must be looked at next."""
    found = danger(ruleset, entry, lines)
    happenings: list[Happening] = []
    for event in _line_events(case, entry, lines, found):
        case = apply(case, event, now, happenings)
    before, case = case, _with_danger(case, found, happenings)
    restricted = found.restriction_told if found else None
    for event in _time_events(case, restricted, london_day(now), now):
        case = _told_once(apply(case, event, now, happenings), event, restricted)
    case = replace(case, due_at=next_look(case, policy, now))
    changed = (case.providers, case.notice_issued_at) != (before.providers, before.notice_issued_at)
    return Review(case, tuple(happenings), lines_changed=changed and not happenings and case.revision > 0)


def apply(case: Case, event: Event, now: datetime, happenings: list[Happening]) -> Case:
    """Let an event happen to a case; an event the state refuses leaves it as it is."""
    decision = decide(case.state, event)
    if isinstance(decision, Refuse):
        return case
    after = decision.to if isinstance(decision, Move) else case.state
    happenings.append(Happening(event, case.state, after))
    since, warned = case.state_since if after is case.state else now, case.warned and after not in KNOWN_TO_COUNCIL
    case = replace(case, state=after, state_since=since, warned=warned)
    if event in ALERTS_AT_ONCE and not case.clock_stopped:
        return replace(case, opened_at=now, last_alert_at=None, last_threshold=None, paused_until=None)
    return case


def next_look(case: Case, policy: CouncilPolicy, now: datetime) -> datetime | None:
    """When the case must be looked at next: a message falls due, or a day comes that changes it."""
    moments = [london_midnight(day) for day in _turning_days(case) if london_midnight(day) > now]
    message = next_message(case, policy, now)
    if message is not None:
        moments.append(message.due_at)
    if case.state is State.ACKNOWLEDGED and case.paused_until is not None:
        moments.append(case.paused_until)
    return min(moments, default=None)


def _turning_days(case: Case) -> Iterator[date]:
    if case.state is State.HOLD_CONFIRMED and case.hold_until is not None:
        yield case.hold_until + timedelta(days=1)
    if case.state in REVIEWED and case.review_on is not None:
        yield case.review_on
    if case.restriction_on is not None and not case.ended:
        yield case.restriction_on
    if case.state is State.CONFIRMED_SAFE and case.planned_on is not None:
        yield case.planned_on + timedelta(days=1)


def _line_events(case: Case, entry: Entry, lines: Sequence[Line], found: Danger | None) -> Iterator[Event]:
    if found is None:
        if case.lines:
            yield _why_over(entry, lines)
        return
    if _is_new_danger(case, found):
        yield Event.NEW_NOTICE
    elif case.lines and case.harm_on != found.harm_on:
        yield _date_event(case.harm_on, found.harm_on)
    news = (line for line in found.lines if case.seen.get(str(line.notice_pk)) != line.known_as)
    statuses = {line.status for line in news if line.told_of}
    if NoticeStatus.COMPLETED in statuses:
        yield Event.MIGRATE_LINE
    if NoticeStatus.REVERTED in statuses:
        yield Event.REVERT_LINE


def _why_over(entry: Entry, lines: Sequence[Line]) -> Event:
    if not entry.live or entry.service_status is ServiceStatus.ENDED:
        return Event.END_SERVICE
    return Event.REJECT_MATCH if all_rejected(lines) else Event.WITHDRAW_NOTICE


def _is_new_danger(case: Case, found: Danger) -> bool:
    """Whether a line that has not moved yet is at risk, and the case was over, knew of none, or is held for another."""
    unknown = any(
        line.status is not NoticeStatus.COMPLETED
        and case.seen.get(str(line.notice_pk)) in (None, NoticeStatus.COMPLETED)
        for line in found.lines
    )
    if case.revision == 0:
        return False
    return (not case.lines) or (unknown and (case.ended or case.state is State.HOLD_CONFIRMED))


def _date_event(before: date | None, after: date | None) -> Event:
    earlier = after is not None and (before is None or after < before)
    return Event.MOVE_DATE_EARLIER if earlier else Event.MOVE_DATE_LATER


def _with_danger(case: Case, found: Danger | None, happenings: Sequence[Happening]) -> Case:
    if found is None:
        # Should danger come back, all of it is news again: what a line did meanwhile, and what it had done before.
        return replace(case, lines=0, seen={})
    kept = {key: value for key, value in case.seen.items() if key == RESTRICTED}
    return replace(
        case,
        lines=len(found.lines),
        level=found.level,
        harm_on=found.harm_on,
        planned_on=found.planned_on,
        restriction_on=found.restriction_on,
        notice_issued_at=_issued_at(case, found, happenings),
        providers=tuple(sorted({line.provider for line in found.lines})),
        seen={**kept, **{str(line.notice_pk): line.known_as for line in found.lines}},
    )


def _issued_at(case: Case, found: Danger, happenings: Sequence[Happening]) -> datetime:
    """When the provider issued the notice of this danger: its first version counts, until a new danger comes."""
    is_new = not case.lines or any(one.event is Event.NEW_NOTICE for one in happenings)
    known = None if is_new else case.notice_issued_at
    return min(known, found.issued_at) if known else found.issued_at


def _time_events(case: Case, restricted: date | None, today: date, now: datetime) -> Iterator[Event]:
    if case.state is State.ACKNOWLEDGED and case.paused_until is not None and case.paused_until <= now:
        yield Event.ACKNOWLEDGEMENT_LAPSED
    if case.state is State.HOLD_CONFIRMED and case.hold_until is not None and case.hold_until < today:
        yield Event.END_HOLD
    if case.state in REVIEWED and case.review_on is not None and case.review_on <= today:
        yield Event.REVIEW_DUE
    if _restriction_is_news(case, restricted, today):
        yield Event.RESTRICT_LINE
    if case.lines and case.state is State.CONFIRMED_SAFE and case.planned_on is not None and case.planned_on < today:
        # Nobody may tell us that the line has moved: from the day after its date it is taken to have, and the test
        # call after the move falls due.
        yield Event.MIGRATE_LINE


def _told_once(case: Case, event: Event, restricted: date | None) -> Case:
    """A day that has come is not told again."""
    if event is Event.RESTRICT_LINE:
        return replace(case, seen={**case.seen, RESTRICTED: str(restricted)})
    if event is Event.REVIEW_DUE:
        return replace(case, review_on=None)
    return replace(case, hold_until=None) if event is Event.END_HOLD else case


def _restriction_is_news(case: Case, restricted: date | None, today: date) -> bool:
    if restricted is None or restricted > today or case.state in MOVED:
        return False
    return case.seen.get(RESTRICTED) != str(restricted)
