"""All functions are pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from schemas.codes import NoticeStatus
from services.alerts.review.case import Case, Line
from services.alerts.review.line_memory import LineMemory, is_ported, is_rejected, memories, of_line
from services.alerts.review.risk import most_dangerous


@dataclass(frozen=True, slots=True)
class Version:
    status: NoticeStatus
    planned_on: date | None
    restriction_on: date | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two versions of one notice, in the order of arrival. A person must decide which version is valid."""

    provider: str
    first: Version
    last: Version


@dataclass(frozen=True, slots=True)
class UnsureDay:
    provider: str
    what: str
    either: date
    other: date


def may_doubt(case: Case) -> bool:
    # Most cases have no doubt, and for these the lines are not read from the database.
    return not case.ended and any("doubted" in one for one in case.seen.values())


def doubts_of(case: Case, lines: Sequence[Line]) -> tuple[Doubt, ...]:
    known = memories(case)
    return tuple(
        Doubt(
            line.provider,
            Version(line.rival.status, line.rival.planned_on, line.rival.restriction_on),
            Version(line.status, line.planned_on, line.restriction_on),
        )
        for line in lines
        if line.rival is not None and _is_open(of_line(known, line), line, most_dangerous(line, known))
    )


def with_provider_name(doubt: Doubt, name: str) -> Doubt:
    return replace(doubt, provider=name)


def _is_open(memory: LineMemory, line: Line, at_worst: Line) -> bool:
    told = memory.doubted == line.revision and memory.settled != line.revision
    return told and not is_rejected(memory, line) and not is_ported(memory, at_worst)
