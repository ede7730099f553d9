"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from schemas.codes import DANGEROUS_FIRST, REPORTED, MigrationKind, NoticeStatus, TargetService
from services.core.area_facts import AreaFacts, AreaPart
from services.core.clock import london_day

# The most dangerous first (our own choice).
_KINDS = (MigrationKind.NON_VOLUNTARY, MigrationKind.UNKNOWN, MigrationKind.VOLUNTARY)
_TARGETS = (
    TargetService.CEASE,
    TargetService.EVAC,
    TargetService.UNKNOWN,
    TargetService.VOIP,
    TargetService.PDPL,
)


class AreaNotice(NamedTuple):
    # Notices with equal values are one item.
    status: NoticeStatus
    migration_kind: MigrationKind
    target_service: TargetService
    planned_on: date | None
    restriction_on: date | None
    first_issued_at: datetime
    last_issued_at: datetime
    announced: bool
    # The two days that a planned or restriction day in doubt may be.
    planned_readings: tuple[date, date] | None = None
    restriction_readings: tuple[date, date] | None = None

    @property
    def part(self) -> AreaPart:
        return AreaPart(self.status.value) if self.status in REPORTED else AreaPart.PENDING

    @property
    def moved_on(self) -> date:
        # A planned day after the day of the report cannot be the day of the move.
        reported = london_day(self.last_issued_at)
        return reported if self.planned_on is None else min(self.planned_on, reported)


class AreaSummary(NamedTuple):
    # The facts of each group of notices.
    parts: tuple[AreaFacts, ...]
    # A date such as 03/04/2026 can be read as two days. The earliest such date gives both days here.
    planned_readings: tuple[date, date] | None
    restriction_readings: tuple[date, date] | None


def area_summary(notices: Iterable[AreaNotice]) -> AreaSummary | None:
    """Return None if all notices were withdrawn."""
    live = [notice for notice in notices if notice.status is not NoticeStatus.WITHDRAWN]
    if not live:
        return None
    parts = ((part, [notice for notice in live if notice.part is part]) for part in AreaPart)
    return AreaSummary(
        tuple(_facts(part, members) for part, members in parts if members),
        min((one.planned_readings for one in live if one.planned_readings), default=None),
        min((one.restriction_readings for one in live if one.restriction_readings), default=None),
    )


def _facts(part: AreaPart, members: Sequence[AreaNotice]) -> AreaFacts:
    pending = part is AreaPart.PENDING
    issued = min(one.first_issued_at for one in members) if pending else max(one.last_issued_at for one in members)
    return AreaFacts(
        part=part,
        status=min((one.status for one in members), key=DANGEROUS_FIRST.index),
        migration_kind=min((one.migration_kind for one in members), key=_KINDS.index),
        target_service=min((one.target_service for one in members), key=_TARGETS.index),
        planned=_days(one.moved_on if part is AreaPart.COMPLETED else one.planned_on for one in members),
        restricted=_days(one.restriction_on for one in members),
        undated=any(one.planned_on is None and one.restriction_on is None for one in members),
        issued_at=issued,
        announced=any(one.announced for one in members),
    )


def _days(days: Iterable[date | None]) -> tuple[date, ...]:
    return tuple(sorted(set(_given(days))))


def _given(days: Iterable[date | None]) -> Iterator[date]:
    return (day for day in days if day is not None)
