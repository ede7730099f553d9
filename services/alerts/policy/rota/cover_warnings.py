from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from services.alerts.policy.escalation.levels import reachable_tiers
from services.alerts.policy.policy_settings import CouncilPolicy
from services.alerts.policy.rota.cover import FilledBy, gaps
from services.alerts.policy.rota.spans import TimeSpan, days_of

# Gaps further ahead may still be filled in time [P].
LOOKED_AHEAD: Final = timedelta(days=90)

_OPERATOR: Final = "the operator of Pullcord"


@dataclass(frozen=True, slots=True)
class CoverWarning:
    # `tier` is None for the whole policy. `recipients` get the alerts of the uncovered tier.
    tier: str | None
    days: tuple[date, ...]
    filled_by: FilledBy
    recipients: tuple[str, ...]
    text: str


def cover_warnings(policy: CouncilPolicy, now: datetime) -> list[CoverWarning]:
    within = TimeSpan(now, now + LOOKED_AHEAD)
    if not reachable_tiers(policy):
        said = f"no tier has a contact: every message goes to {_OPERATOR}"
        return [CoverWarning(None, tuple(days_of([within])), FilledBy.OPERATOR, (), said)]
    cover = policy.cover
    if cover is None:
        return []
    found = sorted(gaps(cover, policy.days, within), key=lambda gap: gap.tier)
    return [
        _warning(tier, days_of([gap.span for gap in mine]), mine[0].filled_by, mine[0].recipients)
        for tier, of in groupby(found, key=lambda gap: gap.tier)
        if (mine := list(of))
    ]


def _warning(tier: str, days: list[date], filled_by: FilledBy, recipients: tuple[str, ...]) -> CoverWarning:
    who = ", ".join(recipients) if recipients else _OPERATOR
    hours = f"nobody of {tier} is on duty at some hours of {'; '.join(_spans(days))}"
    return CoverWarning(tier, tuple(days), filled_by, recipients, f"{hours}: messages then go to {who}")


def _spans(days: list[date]) -> Iterator[str]:
    # Days in a row read better as first and last.
    start = last = days[0]
    for day in (*days[1:], date.max):
        if day - last > timedelta(days=1):
            yield _day(start) if start == last else f"{_day(start)} to {_day(last)}"
            start = day
        last = day


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
