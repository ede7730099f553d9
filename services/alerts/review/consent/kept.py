"""All functions are pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from schemas.codes import DANGEROUS_FIRST, REPORTED, NoticeStatus, ServiceStatus
from services.alerts.review.case import AreaDays, Case, Entry, Line
from services.alerts.review.consent.snapshot import Facts, recalled, snapshot
from services.alerts.review.line_memory import memories
from services.alerts.review.risk import lines_at_risk, most_dangerous, open_lines
from services.alerts.states.rules import Ruleset


def kept_facts(case: Case, current: Facts, rulesets: Sequence[Ruleset]) -> Facts:
    """Return the current facts, but keep an earlier fact where the change would lessen a danger."""
    if case.believed is None or case.ended or case.believed == snapshot(*current):
        return current
    before = recalled(case.believed, current.entry)
    lines = _joined_lines(case, before, current, rulesets)
    return Facts(_joined_entry(case, before.entry, current.entry, lines, rulesets), lines)


def _joined_lines(case: Case, before: Facts, current: Facts, rulesets: Sequence[Ruleset]) -> tuple[Line, ...]:
    known = {line.key: line for line in before.lines}
    joined = [
        _joined(case, before.entry, known[line.key], line, rulesets) if line.key in known else line
        for line in current.lines
    ]
    left = {line.key for line in current.lines}
    joined += [line for line in before.lines if line.key not in left]
    return tuple(sorted(joined, key=lambda line: (line.notice_pk, line.key)))


def _joined(case: Case, entry: Entry, before: Line, now: Line, rulesets: Sequence[Ruleset]) -> Line:
    before = _as_decided(before, now)
    # Nearly every line of a case with very many lines is as it was.
    if before == now and now.rival is None and now.days is None:
        return now
    # The status that is the most dangerous in general may be harmless here: a reported move that a test call covers.
    for line in (_worst_of(case, before, now), now, before):
        if _is_open(case, entry, (line,), rulesets):
            return line
    return now


def _as_decided(before: Line, now: Line) -> Line:
    # A person who has decided about the match since then knew the level that it has now.
    level = before.level if now.decision is before.decision else now.level
    return replace(before, level=level, decision=now.decision, decided_level=now.decided_level)


def _worst_of(case: Case, before: Line, now: Line) -> Line:
    before = most_dangerous(before, memories(case))
    worst = replace(
        now,
        level=max((now.level, before.level), key=lambda level: level.rank),
        status=min((before.status, now.status), key=DANGEROUS_FIRST.index),
        planned_on=_earlier(_ahead(before.planned_on, case), now.planned_on),
        restriction_on=_earlier(_ahead(before.restriction_on, case), now.restriction_on),
        unsure_from=_earlier(before.unsure_from, now.unsure_from),
    )
    worst = worst if worst.alertable else _by_its_day(worst, before)
    return worst if now.days is None else replace(worst, days=_with_day(now.days, worst))


def _by_its_day(worst: Line, before: Line) -> Line:
    # A report on a match that is only possible makes no case urgent, so it must not hide the day of a move ahead.
    if before.status in REPORTED or before.status is NoticeStatus.WITHDRAWN:
        return worst
    rival = worst.rival and replace(worst.rival, status=before.status)
    return replace(worst, status=before.status, rival=rival)


def _with_day(days: AreaDays, worst: Line) -> AreaDays:
    planned = _added(days.planned, worst.planned_on)
    return replace(days, planned=planned, restricted=_added(days.restricted, worst.restriction_on))


def _added(days: tuple[date, ...], day: date | None) -> tuple[date, ...]:
    return days if day is None or day in days else tuple(sorted((*days, day)))


def _joined_entry(case: Case, before: Entry, now: Entry, lines: Sequence[Line], rulesets: Sequence[Ruleset]) -> Entry:
    if _is_gone(now) != _is_gone(before):
        return before if _is_gone(now) else now
    # A connection or a status under which fewer lines are at risk takes something back.
    at_risk = len(_open(case, now, lines, rulesets)) >= len(_open(case, before, lines, rulesets))
    return now if at_risk else before


def _is_gone(entry: Entry) -> bool:
    return not entry.live or entry.service_status is ServiceStatus.ENDED


def _open(case: Case, entry: Entry, lines: Sequence[Line], rulesets: Sequence[Ruleset]) -> Collection[Line]:
    return open_lines(case, lines_at_risk(entry, lines, memories(case), rulesets))


def _is_open(case: Case, entry: Entry, lines: Sequence[Line], rulesets: Sequence[Ruleset]) -> bool:
    return bool(_open(case, entry, lines, rulesets))


def _ahead(day: date | None, case: Case) -> date | None:
    # A day that a test call after the move covers is over.
    return None if day is None or (case.tested_on is not None and day <= case.tested_on) else day


def _earlier(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)
