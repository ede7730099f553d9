"""Decides when the next message about a case is due, who gets it, and how long a person's act pauses messages.

All functions are pure: `now` is an argument. The clock of a case stops in the states of `CLOCK_STOPPED`: ended,
confirmed safe and on hold. In all other states the clock runs, and the case has a next message. The rules are policy of
the deployment. The numbers in the rules come from `CouncilPolicy`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from schemas.codes import CaseState, MatchLevel
from services.alerts.policy.policy_days import (
    days_left,
    harmful_day,
    in_quiet_hours,
    out_of_quiet_hours,
    repeat_moment,
    threshold_moment,
    threshold_now,
    thresholds_for,
)
from services.alerts.policy.policy_settings import Contact, CouncilPolicy, Tier
from services.alerts.states.machine_states import CLOCK_STOPPED, MOVED, URGENT

__all__ = [
    "CaseClock",
    "Contact",
    "CouncilPolicy",
    "Escalation",
    "EscalationReason",
    "Tier",
    "days_left",
    "harmful_day",
    "next_escalation",
    "pause_until",
    "threshold_now",
    "tiers_for",
]


class EscalationReason(StrEnum):
    """The reason for an escalation. The values are stored in the database."""

    FIRST_ALERT = "first_alert"
    THRESHOLD_REACHED = "threshold_reached"
    REPEAT = "repeat"
    ACKNOWLEDGEMENT_LAPSED = "acknowledgement_lapsed"
    URGENT_STATE = "urgent_state"
    POST_CHECK = "post_check"
    DATE_UNKNOWN = "date_unknown"
    # The notice was withdrawn. A council that had a message about the case gets this last message once.
    NOTICE_WITHDRAWN = "notice_withdrawn"
    # A change of a feed would end or delay the case, and waits until a person agrees.
    CHANGES_WAIT = "changes_wait"


@dataclass(frozen=True, slots=True)
class CaseClock:
    """The facts about a case that decide when the next message is due. All times have a time zone.

    `opened_at` is when the case was opened or opened again, or when Pullcord last learned of a new danger.
    `last_alert_at` is when a channel last accepted an escalation about the case. `last_threshold` is the threshold of
    that escalation. `tried_at` is the time of a later escalation that no channel has accepted yet. `paused_until` is
    the end of the pause after a person's act. The pause counts until a channel accepts an escalation after
    `paused_until`.

    `claimed` is true if every provider of the case reported a move without earlier notice. In an urgent state, only the
    first alert about such a case ignores quiet hours. Later alerts wait for the end of quiet hours, and repeat every
    `post_check_repeat_hours` hours.
    """

    state: CaseState
    level: MatchLevel
    harm_on: date | None
    opened_at: datetime
    last_alert_at: datetime | None = None
    last_threshold: int | None = None
    paused_until: datetime | None = None
    tried_at: datetime | None = None
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Escalation:
    """The next message about a case.

    `due_at` is in UTC. If the message is overdue, `due_at` is in the past. `threshold` is in days before the harm.
    """

    due_at: datetime
    threshold: int
    reason: EscalationReason


def next_escalation(clock: CaseClock, policy: CouncilPolicy, now: datetime) -> Escalation | None:
    """Return the next escalation of a case, or None if the case's clock is stopped (see `CLOCK_STOPPED`)."""
    if clock.state in CLOCK_STOPPED:
        return None
    due_at = _when_awake(clock, policy, _due(clock, policy), now)
    # The threshold of an overdue message is that of the day on which it is sent, not of the day on which it was due.
    sent_at = max(due_at, now)
    return Escalation(due_at, _threshold(clock, policy, sent_at), _reason(clock, policy, sent_at))


def pause_until(policy: CouncilPolicy, clock: CaseClock, now: datetime) -> datetime:
    """Return the end (UTC) of a pause. A person's act on a case at `now` begins the pause.

    The pause ends at the next threshold, within two limits. The pause lasts at least `acknowledgement_min_hours` and at
    most `acknowledgement_hours`. In an urgent state, after the move, and from the harmful day on, the pause lasts at
    most `urgent_acknowledgement_hours`.
    """
    # A person who acts near the harmful day gets a reminder sooner than a person who acts weeks before it.
    longest = policy.urgent_acknowledgement_hours if _pressing(clock, now) else policy.acknowledgement_hours
    moments = [now + timedelta(hours=longest)]
    if clock.harm_on is not None:
        pending = (
            threshold_moment(policy, clock.harm_on, days) for days in _thresholds_left(clock, policy, clock.harm_on)
        )
        moments += [moment for moment in pending if moment > now]
    return max(min(moments), now + timedelta(hours=policy.acknowledgement_min_hours)).astimezone(UTC)


def tiers_for(policy: CouncilPolicy, threshold: int, state: CaseState) -> tuple[Tier, ...]:
    """Return the tiers that get a message at a threshold. A tier without contacts is left out.

    A tier gets the message if the tier's `from_days` is the threshold or more. If the threshold is too high for every
    tier, the tiers with the highest `from_days` get the message. In an urgent state all tiers get the message. The
    result is empty only if the council has no contact at all.
    """
    reachable = sorted((tier for tier in policy.tiers if tier.contacts), key=lambda tier: -tier.from_days)
    # In an urgent state the line was moved or restricted while the resident was not safe.
    if state in URGENT or not reachable:
        return tuple(reachable)
    from_days = min(threshold, reachable[0].from_days)
    return tuple(tier for tier in reachable if tier.from_days >= from_days)


def _due(clock: CaseClock, policy: CouncilPolicy) -> datetime:
    due = _due_by_policy(clock, policy)
    if clock.tried_at is None or (_paused(clock) or clock.tried_at) > clock.tried_at:
        return due
    # A message that reached nobody is due again soon, but not at every review.
    return max(due, clock.tried_at + timedelta(minutes=policy.unreached_repeat_minutes))


def _due_by_policy(clock: CaseClock, policy: CouncilPolicy) -> datetime:
    # After a pause the message comes at once, because the pause has ended: the message is not a repeat.
    if _paused(clock) is None and clock.last_alert_at is not None:
        return _due_after(clock, policy, clock.last_alert_at)
    start = _paused(clock) or clock.opened_at
    if _flat_repeat(clock, policy) is not None or clock.harm_on is None:
        return start
    if threshold_now(policy, clock.level, clock.harm_on, start) is not None:
        return start
    return threshold_moment(policy, clock.harm_on, thresholds_for(policy, clock.level)[0])


def _due_after(clock: CaseClock, policy: CouncilPolicy, last: datetime) -> datetime:
    flat = _flat_repeat(clock, policy)
    if flat is not None or clock.harm_on is None:
        return repeat_moment(policy, last, flat or policy.unknown_date_repeat_hours)
    moments = [
        threshold_moment(policy, clock.harm_on, days) for days in _thresholds_left(clock, policy, clock.harm_on)[:1]
    ]
    reached = threshold_now(policy, clock.level, clock.harm_on, last)
    if reached is not None:
        moments.append(repeat_moment(policy, last, _repeat_hours(clock, policy, reached)))
    return min(moments)


def _repeat_hours(clock: CaseClock, policy: CouncilPolicy, reached: int) -> int:
    hours = policy.repeat_hours[reached]
    # A possible match does not become surer because its day is near.
    return max(hours, policy.possible_repeat_hours) if clock.level == "possible" else hours


def _thresholds_left(clock: CaseClock, policy: CouncilPolicy, harm_on: date) -> list[int]:
    thresholds = thresholds_for(policy, clock.level)
    if clock.last_alert_at is None:
        return list(thresholds)
    # If the date moved far away, thresholds that were reached by the old date are due again.
    reached = threshold_now(policy, clock.level, harm_on, clock.last_alert_at)
    if reached is None:
        return list(thresholds)
    told = max(reached, reached if clock.last_threshold is None else clock.last_threshold)
    return [days for days in thresholds if days < told]


def _flat_repeat(clock: CaseClock, policy: CouncilPolicy) -> int | None:
    # Returns the hours between repeats if the state sets the pace, or None if the date sets the pace.
    if clock.state in URGENT and not _alerted_of_claim(clock):
        return policy.urgent_repeat_hours
    return policy.post_check_repeat_hours if clock.state in MOVED | URGENT else None


def _alerted_of_claim(clock: CaseClock) -> bool:
    return clock.claimed and clock.last_alert_at is not None


def _paused(clock: CaseClock) -> datetime | None:
    # A pause counts until a message was sent after its end.
    if clock.paused_until is None or (clock.last_alert_at is not None and clock.last_alert_at >= clock.paused_until):
        return None
    return clock.paused_until


def _pressing(clock: CaseClock, now: datetime) -> bool:
    overdue = clock.harm_on is not None and days_left(clock.harm_on, now) <= 0
    return overdue or clock.state in URGENT | MOVED


def _when_awake(clock: CaseClock, policy: CouncilPolicy, due: datetime, now: datetime) -> datetime:
    # A message that is overdue in quiet hours also waits for the end of these hours.
    due_at = due if _wakes_people(clock, policy, due) else out_of_quiet_hours(policy, due)
    if due_at < now and in_quiet_hours(policy, now) and not _wakes_people(clock, policy, now):
        due_at = out_of_quiet_hours(policy, now)
    return due_at.astimezone(UTC)


def _wakes_people(clock: CaseClock, policy: CouncilPolicy, at: datetime) -> bool:
    if clock.state in URGENT | MOVED or clock.harm_on is None or clock.level == "possible":
        return clock.state in URGENT and not _alerted_of_claim(clock)
    reached = threshold_now(policy, clock.level, clock.harm_on, at)
    return reached is not None and reached <= policy.quiet_override_days


def _threshold(clock: CaseClock, policy: CouncilPolicy, at: datetime) -> int:
    if clock.state in URGENT | MOVED:
        return 0
    first = thresholds_for(policy, clock.level)[0]
    if clock.harm_on is None:
        return first
    reached = threshold_now(policy, clock.level, clock.harm_on, at)
    return first if reached is None else reached


def _reason(clock: CaseClock, policy: CouncilPolicy, at: datetime) -> EscalationReason:
    if _paused(clock) is not None:
        return EscalationReason.ACKNOWLEDGEMENT_LAPSED
    if clock.state in URGENT:
        return EscalationReason.URGENT_STATE
    if clock.state in MOVED:
        return EscalationReason.POST_CHECK
    if clock.harm_on is None:
        return EscalationReason.DATE_UNKNOWN
    if clock.last_alert_at is None:
        return EscalationReason.FIRST_ALERT
    is_new = _threshold(clock, policy, at) in _thresholds_left(clock, policy, clock.harm_on)
    return EscalationReason.THRESHOLD_REACHED if is_new else EscalationReason.REPEAT
