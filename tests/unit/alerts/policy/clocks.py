from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.codes import CaseState, MatchLevel
from services.alerts.policy.policy import (
    CaseClock,
    CouncilPolicy,
    Escalation,
    next_escalation,
)

# A council without contacts has one level only, that of the operator.
POLICY = CouncilPolicy()
HARM = date(2026, 12, 9)
MONDAY_NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)  # 37 days before


def london(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


def clock(
    state: CaseState = CaseState.OPEN,
    *,
    harm_on: date | None = HARM,
    opened_at: datetime = MONDAY_NOON,
    level: MatchLevel = MatchLevel.CONFIRMED,
    **rest: Any,
) -> CaseClock:
    return CaseClock(state=state, level=level, harm_on=harm_on, opened_at=opened_at, **rest)


def told(case: CaseClock, at: datetime, threshold: int) -> CaseClock:
    return replace(case, last_alert_at=at, last_threshold=threshold)


def escalation(case: CaseClock, now: datetime = MONDAY_NOON, policy: CouncilPolicy = POLICY) -> Escalation:
    result = next_escalation(case, policy, now)
    assert result is not None
    return result
