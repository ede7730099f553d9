"""What an entry's lines add up to: whether any is at risk, how sure that is, and by when harm may come. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from schemas.codes import MatchDecision, MatchLevel, NoticeStatus
from services.alerts.case import Entry, Line
from services.alerts.policy import harmful_day
from services.alerts.rules import LineFacts, Ruleset, assess


@dataclass(frozen=True, slots=True)
class Danger:
    """The lines at risk of one entry, taken together. The dates are those of lines that have not moved yet, if any."""

    lines: tuple[Line, ...]
    level: MatchLevel
    harm_on: date | None
    planned_on: date | None
    restriction_on: date | None
    restriction_told: date | None
    """The first restriction of a line that is more than possibly the alarm's."""
    issued_at: datetime


def danger(ruleset: Ruleset, entry: Entry, lines: Sequence[Line]) -> Danger | None:
    """The danger to an entry, or None where no line of it is at risk."""
    at_risk = tuple(line for line in lines if entry.live and assess(ruleset, _facts(entry, line)).at_risk)
    if not at_risk:
        return None
    pending = [line for line in at_risk if line.status is not NoticeStatus.COMPLETED] or at_risk
    planned, restricted = (
        _earliest(days) for days in zip(*((line.planned_on, line.restriction_on) for line in pending), strict=True)
    )
    return Danger(
        lines=at_risk,
        level=max((line.standing for line in at_risk), key=lambda level: level.rank),
        harm_on=harmful_day(planned, restricted),
        planned_on=planned,
        restriction_on=restricted,
        restriction_told=_earliest([line.restriction_on for line in pending if line.told_of]),
        issued_at=min(line.issued_at for line in pending),
    )


def all_rejected(lines: Sequence[Line]) -> bool:
    """Whether a person rejected every match of the entry."""
    return bool(lines) and all(line.effective_decision is MatchDecision.REJECTED for line in lines)


def _facts(entry: Entry, line: Line) -> LineFacts:
    return LineFacts(
        match_level=line.level.value,
        decision=line.effective_decision.value,
        notice_status=line.status.value,
        migration_kind=line.migration_kind.value,
        target_service=line.target_service.value,
        service_status=entry.service_status.value,
        connection=entry.connection.value,
    )


def _earliest(days: Sequence[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
