"""All functions are pure. No source prescribes these rules: they are policy of the deployment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from services.alerts.delivery.recipients.asked import contacts_asked
from services.alerts.policy.contacts import Contact
from services.alerts.policy.escalation.levels import reachable_tiers
from services.alerts.policy.policy_days import in_office_hours, in_quiet_hours
from services.alerts.policy.policy_settings import CouncilPolicy
from services.core.clock import LONDON, london_day
from services.core.days.council_days import london_time, same_time_on

# A drill that could not begin within this time of its hour begins on the next working day [P].
WINDOW: Final = timedelta(hours=1)

# The drills that a person may start for one council in 24 hours [P].
MOST_A_DAY: Final = 5

_ONE_DAY: Final = timedelta(days=1)


class DrillState(StrEnum):
    """The state of a drill. The values are stored in the database."""

    WAITING = "waiting"  # somebody was asked, and the time for an answer has not run out
    ANSWERED = "answered"
    FAILED = "failed"  # nobody of any tier answered in time; an answer still counts as a late one
    ENDED = "ended"  # nobody has answered, and the links have ended


# In these states a person can answer.
ANSWERABLE: Final = frozenset({DrillState.WAITING, DrillState.FAILED})


class AnswerWay(StrEnum):
    # The values are stored in the audit.
    LINK = "link"
    API = "api"
    COMMAND = "command"


class DrillStep(NamedTuple):
    # `level` is the highest level of these people, from 1.
    level: int
    contacts: Mapping[Contact, str]


def drill_month(moment: datetime) -> str:
    # For example `2026-12`.
    return f"{london_day(moment):%Y-%m}"


def may_begin(policy: CouncilPolicy, now: datetime) -> bool:
    today = london_day(now)
    first = policy.days.plus(today.replace(day=1) - _ONE_DAY, policy.drill_working_day)
    begins = _hour_of(policy, today)
    return today >= first and begins <= now < begins + WINDOW and in_office_hours(policy, now)


def _hour_of(policy: CouncilPolicy, day: date) -> datetime:
    start = london_time(day, policy.day_starts)
    # Counted on the clock on the wall, also on a day on which the clocks change.
    local = datetime.combine(day, policy.day_starts) + timedelta(hours=policy.drill_hours_after_start)
    moment = london_time(local.date(), local.time())
    return moment if local.date() == day and not in_quiet_hours(policy, moment) else start


def answer_due(policy: CouncilPolicy, asked_at: datetime) -> datetime:
    # An answer by this time comes within one working day.
    return same_time_on(policy.days.plus(london_day(asked_at), 1), asked_at)


def ends_at(policy: CouncilPolicy, asked_at: datetime, links_last: timedelta, now: datetime) -> datetime:
    return max(asked_at + links_last, answer_due(policy, now))


def urgent_until(policy: CouncilPolicy, now: datetime) -> date:
    # The last harmful day that makes a case so urgent that no drill begins beside it.
    today = now.astimezone(LONDON).date()
    return max(today + timedelta(days=policy.quiet_override_days), policy.days.plus(today, policy.least_working_days))


def next_step(
    policy: CouncilPolicy,
    level: int,
    verified: Collection[Contact],
    asked: Collection[tuple[str, str]],
    now: datetime,
) -> DrillStep | None:
    """Return None if nobody is left to ask."""
    last = len(reachable_tiers(policy))
    found: dict[Contact, str] = {}
    for reached in range(level + 1, last + 1):
        # Asked anew with the tier after it: a person in several tiers gets one message.
        chosen = contacts_asked(policy, (level + 1, reached), verified, (), now)
        found = {one: tier for one, tier in chosen.items() if (one.person, one.channel) not in asked}
        if any(one in verified for one in found):
            return DrillStep(reached, found)
    return DrillStep(last, found) if found else None
