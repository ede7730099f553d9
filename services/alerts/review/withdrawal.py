"""Decides when a council gets the message that a line is no longer to be switched. All functions are pure.

The council gets this message once, if it was warned about the line before. With this message it can notice a mistake: a
wrong withdrawal of the notice, or a wrong change of the register entry. The message is policy of the deployment. No
source prescribes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from services.alerts.policy.policy import CouncilPolicy, Escalation, EscalationReason, next_escalation
from services.alerts.policy.policy_days import out_of_quiet_hours
from services.alerts.review.case import Case


def next_message(case: Case, policy: CouncilPolicy, now: datetime) -> Escalation | None:
    """Return the next message about a case.

    The message is an escalation while the clock of the case runs. If the clock has stopped, it is the message that the
    notice was withdrawn, or None if the council need not hear of that.
    """
    return next_escalation(case.clock, policy, now) or _word_of_withdrawal(case, policy, now)


def is_about_withdrawal(reason: str) -> bool:
    """Return True if an alert with this reason is about withdrawn notices. Such an alert asks nobody to act."""
    return reason == EscalationReason.NOTICE_WITHDRAWN


def _word_of_withdrawal(case: Case, policy: CouncilPolicy, now: datetime) -> Escalation | None:
    # A council that had no message about the case needs no message that the case is over.
    if not (case.withdrawn and case.warned):
        return None
    threshold = policy.thresholds[0] if case.last_threshold is None else case.last_threshold
    # Good news wakes nobody, even if the message is overdue.
    due_at = out_of_quiet_hours(policy, max(_gathered(case, policy), now))
    return Escalation(due_at, threshold, EscalationReason.NOTICE_WITHDRAWN)


def _gathered(case: Case, policy: CouncilPolicy) -> datetime:
    if case.tried_at is not None and case.tried_at >= case.state_since:
        return case.tried_at + timedelta(minutes=policy.unreached_repeat_minutes)
    return case.state_since + timedelta(seconds=policy.grouping_seconds)
