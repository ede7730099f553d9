"""All functions are pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.alerts.policy.escalation.case_clock import Escalation, EscalationReason
from services.alerts.policy.escalation.levels import level_by_date, reachable_tiers
from services.alerts.policy.policy import TRIED_FOR, CouncilPolicy, next_escalation, threshold_now
from services.alerts.policy.policy_days import next_office_hours, thresholds_for
from services.alerts.review.case import Case
from services.core.clock import london_day, london_midnight


def next_message(case: Case, policy: CouncilPolicy, now: datetime) -> Escalation | None:
    """Return the next message, due now or later. Return None if the case needs no further message."""
    message = next_escalation(case.clock, policy, now) or _word_of_withdrawal(case, policy, now)
    return _with_word_of_changes(message, case, policy, now)


def is_about_withdrawal(reason: str) -> bool:
    # An alert about withdrawn notices asks nobody to act.
    return reason == EscalationReason.NOTICE_WITHDRAWN


def _word_of_withdrawal(case: Case, policy: CouncilPolicy, now: datetime) -> Escalation | None:
    # A council that had no message about the case needs no message that the case is over.
    if not (case.withdrawn and case.warned):
        return None
    threshold = policy.thresholds[0] if case.last_threshold is None else case.last_threshold
    # Good news wakes nobody, even if the message is overdue.
    due_at = next_office_hours(policy, max(_gathered(case, policy), now))
    return Escalation(due_at, threshold, EscalationReason.NOTICE_WITHDRAWN, 1, _levels(case, policy, threshold))


def _with_word_of_changes(
    message: Escalation | None, case: Case, policy: CouncilPolicy, now: datetime
) -> Escalation | None:
    # After each time that the change is raised, one message is due about it.
    if case.changes_wait_since is None or case.changes_raised_on is None or case.last_alert_at is not None:
        return message
    told_at = max(_changes_told_at(case, case.changes_wait_since, policy), now)
    due_at = next_office_hours(policy, told_at)
    if message is not None and message.due_at <= due_at:
        is_first = message.reason in (EscalationReason.FIRST_ALERT, EscalationReason.SOMETHING_CHANGED)
        return replace(message, reason=EscalationReason.CHANGES_WAIT) if is_first else message
    clock = case.clock
    reached = None if case.harm_on is None else threshold_now(policy, clock.level, case.harm_on, due_at)
    threshold = thresholds_for(policy, clock.level)[0] if reached is None else reached
    return Escalation(due_at, threshold, EscalationReason.CHANGES_WAIT, 1, _levels(case, policy, threshold))


def _levels(case: Case, policy: CouncilPolicy, threshold: int) -> int:
    # Whoever had the warning gets this message too, but it does not go beyond the council.
    return max(level_by_date(policy, threshold, case.state), min(case.asked, len(reachable_tiers(policy))), 1)


def _changes_told_at(case: Case, since: datetime, policy: CouncilPolicy) -> datetime:
    if case.tried_at is not None:
        return case.tried_at + TRIED_FOR
    raised_at = max(since, london_midnight(case.changes_raised_on or london_day(since)))
    gathered = raised_at + timedelta(seconds=policy.grouping_seconds)
    return gathered if case.paused_until is None else max(gathered, case.paused_until)


def _gathered(case: Case, policy: CouncilPolicy) -> datetime:
    if case.tried_at is not None and case.tried_at >= case.state_since:
        return case.tried_at + TRIED_FOR
    return case.state_since + timedelta(seconds=policy.grouping_seconds)
