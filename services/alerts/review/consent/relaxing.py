"""All functions are pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.case import Case
from services.alerts.review.owed import Owed
from services.alerts.review.risk import Risk
from services.alerts.states.machine import MOVED, URGENT


def relaxes(kept: Owed, current: Owed) -> bool:
    """Return True if the feeds' changes end the case, delay its messages or lessen its danger.

    `kept` is what is owed without these changes, and `current` is what is owed with them.
    """
    before, after = kept.case, current.case
    if before.ended or after.ended:
        return after.ended and not before.ended
    if after.clock_stopped and not before.clock_stopped:
        return True
    # In an urgent state, and after the move, the state sets the pace of the messages.
    by_date = after.state not in URGENT | MOVED
    relaxed = by_date and (_is_later(before.harm_on, after.harm_on) or _is_less_sure(before, after))
    return relaxed or _is_put_off(kept.risk, current.risk) or _is_told_later(kept, current)


def without_waiting(case: Case) -> Case:
    return replace(case, changes_wait_since=None, changes_raised_on=None)


def allowance(policy: CouncilPolicy, cases: int) -> int:
    return max(policy.relaxed_without_consent, cases * policy.relaxed_share_without_consent // 100)


def latest_harm_first(case: Case) -> tuple[date, int]:
    """Return a sort key that puts the latest harmful day first."""
    # Harm without a known day may come at once, so such a case comes last.
    day = case.harm_on or date.min
    return date.max - (day - date.min), case.pk


def _is_put_off(before: Risk | None, after: Risk | None) -> bool:
    # Another line may set the pace of the case now. Once that line is safe, the messages are about the lines ahead.
    ahead = after.ahead if after else {}
    known = before.ahead if before else {}
    return any(one not in ahead or _is_later(day, ahead[one]) for one, day in known.items())


def _is_later(before: date | None, after: date | None) -> bool:
    return before is not None and (after is None or after > before)


def _is_less_sure(before: Case, after: Case) -> bool:
    return before.level is not None and after.level is not None and after.level.rank < before.level.rank


def _is_told_later(kept: Owed, current: Owed) -> bool:
    return kept.message is not None and _due(current) > _due(kept)


def _due(owed: Owed) -> datetime:
    return owed.message.due_at if owed.message else datetime.max.replace(tzinfo=owed.case.opened_at.tzinfo)
