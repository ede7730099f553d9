"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from schemas.codes import DANGEROUS_FIRST, MatchDecision, MatchLevel, NoticeStatus
from services.alerts.policy.policy import harmful_day
from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.line_memory import Memories, is_ported, is_rejected, memories, of_line
from services.alerts.states.rules import LineFacts, Ruleset, assess
from services.core.area_facts import AreaPart
from services.core.clock import london_day


@dataclass(frozen=True, slots=True)
class Risk:
    # If every line has moved, the dates come from all lines.
    lines: tuple[Line, ...]
    level: MatchLevel
    harm_on: date | None
    planned_on: date | None
    restriction_on: date | None
    issued_at: datetime

    @property
    def pending(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.moved)

    @property
    def ahead(self) -> dict[str, date | None]:
        """Map each provider to the earliest harmful day of the provider's unmoved lines.

        None stands for an unknown day.
        """
        providers = {line.provider for line in self.pending}
        return {one: _harm_on([line for line in self.pending if line.provider == one]) for one in providers}


def assess_risk(case: Case, entry: Entry, lines: Sequence[Line], rulesets: Sequence[Ruleset]) -> Risk | None:
    """Return None if no line of the entry is at risk."""
    at_risk = open_lines(case, lines_at_risk(entry, lines, memories(case), rulesets))
    if not at_risk:
        return None
    # The dates come from lines that have not moved. If every line has moved, they come from all lines.
    pending = [line for line in at_risk if not line.moved] or at_risk
    return Risk(
        lines=tuple(at_risk),
        level=max((line.standing for line in at_risk), key=lambda level: level.rank),
        harm_on=_harm_on(pending),
        planned_on=_earliest(map(_planned_ahead, pending)),
        restriction_on=_earliest(line.restriction_on for line in pending),
        issued_at=min(line.issued_at for line in pending),
    )


def lines_at_risk(entry: Entry, lines: Sequence[Line], known: Memories, rulesets: Sequence[Ruleset]) -> list[Line]:
    """A line is at risk if at least one rule set says so."""
    if not entry.live:
        return []
    found = (most_dangerous(line, known) for line in lines)
    return [line for line in found if any(assess(ruleset, _facts(entry, line)).at_risk for ruleset in rulesets)]


def open_lines(case: Case, at_risk: Sequence[Line]) -> list[Line]:
    known = memories(case)
    left = (without_covered_days(line, at_risk, case.tested_on) for line in at_risk)
    return [
        line
        for line in left
        if not is_rejected(of_line(known, line), line)
        and not is_ported(of_line(known, line), line)
        and not is_covered(line, at_risk, case.tested_on)
    ]


def without_covered_days(line: Line, lines: Iterable[Line], tested_on: date | None) -> Line:
    """Return the line without the days that the test call on `tested_on` covers.

    Only the line for an area's pending notices loses days. Any other line is returned unchanged.
    """
    if tested_on is None or line.days is None or line.days.part is not AreaPart.PENDING:
        return line
    planned = tuple(day for day in line.days.planned if not _has_moved(line, day, lines, tested_on))
    restricted = tuple(day for day in line.days.restricted if day > tested_on)
    return replace(
        line,
        days=replace(line.days, planned=planned, restricted=restricted),
        planned_on=min(planned, default=None),
        restriction_on=min(restricted, default=None),
    )


def is_covered(line: Line, lines: Iterable[Line], tested_on: date | None) -> bool:
    """Return True if the test call on `tested_on` covers all moves and restrictions of the line."""
    if tested_on is None:
        return False
    if any(day > tested_on for day in line.restriction_days):
        return False
    if line.moved:
        return line.moved_on <= tested_on
    if line.status is NoticeStatus.REVERTED:
        return london_day(line.issued_at) <= tested_on
    # A planned move without a day counts as later than the test call.
    if line.days is not None:
        left = without_covered_days(line, lines, tested_on)
        return not (line.days.undated or left.planned_days or left.restriction_days)
    return line.planned_on is not None and _has_moved(line, line.planned_on, lines, tested_on)


def _has_moved(line: Line, planned_on: date, lines: Iterable[Line], tested_on: date) -> bool:
    # A planned move counts as made from the next day on, or earlier if the provider reports a move.
    if planned_on > tested_on:
        return False
    return planned_on < tested_on or any(one.moved and one.provider == line.provider for one in lines)


def all_rejected(case: Case, lines: Sequence[Line]) -> bool:
    known = memories(case)
    return bool(lines) and all(
        line.effective_decision is MatchDecision.REJECTED or is_rejected(of_line(known, line), line) for line in lines
    )


def most_dangerous(line: Line, known: Memories) -> Line:
    """Return the line with the worst of both versions of its notice: the more dangerous status and the earlier days.

    Return the line unchanged if its notice has one version, or if a person has decided which version is valid.
    """
    rival = line.rival
    if rival is None or of_line(known, line).settled == line.revision:
        return line
    status = min((line.status, rival.status), key=DANGEROUS_FIRST.index)
    planned = _earliest((line.planned_on, rival.planned_on))
    return replace(
        line, status=status, planned_on=planned, restriction_on=_earliest((line.restriction_on, rival.restriction_on))
    )


def _planned_ahead(line: Line) -> date | None:
    # A line that was put back has a move ahead only if the move is planned for a later day.
    day = line.planned_on
    if line.status is NoticeStatus.REVERTED and day is not None and day <= london_day(line.issued_at):
        return None
    return day


def _facts(entry: Entry, line: Line) -> LineFacts:
    return LineFacts(
        match_level=line.level,
        decision=line.effective_decision,
        notice_status=line.status,
        migration_kind=line.migration_kind,
        target_service=line.target_service,
        service_status=entry.service_status,
        connection=entry.connection,
    )


def _harm_on(pending: Sequence[Line]) -> date | None:
    planned = _earliest(map(_planned_ahead, pending))
    harm_on = harmful_day(planned, _earliest(line.restriction_on for line in pending))
    # Without any day the council is alerted at once. Beside a day, the earlier reading of one in doubt counts.
    unsure = _earliest(line.unsure_from for line in pending)
    return harm_on and _earliest((harm_on, unsure))


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
