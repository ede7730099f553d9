from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from schemas.codes import MigrationKind, NoticeStatus, TargetService


class AreaPart(StrEnum):
    # The values are stored.
    PENDING = "pending"  # planned, rescheduled or paused
    COMPLETED = "completed"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class AreaFacts:
    part: AreaPart
    status: NoticeStatus
    migration_kind: MigrationKind
    target_service: TargetService
    planned: tuple[date, ...]
    restricted: tuple[date, ...]
    # True if one of the notices has no day.
    undated: bool
    # The earliest time of issue of pending notices, and the latest of the others.
    issued_at: datetime
    announced: bool


def to_json(facts: Sequence[AreaFacts]) -> list[dict[str, Any]]:
    return [
        {
            "part": one.part.value,
            "status": one.status.value,
            "migration_kind": one.migration_kind.value,
            "target_service": one.target_service.value,
            "planned": [day.isoformat() for day in one.planned],
            "restricted": [day.isoformat() for day in one.restricted],
            "undated": one.undated,
            "issued_at": one.issued_at.isoformat(),
            "announced": one.announced,
        }
        for one in facts
    ]


def from_json(stored: Iterable[dict[str, Any]]) -> tuple[AreaFacts, ...]:
    return tuple(
        AreaFacts(
            AreaPart(one["part"]),
            NoticeStatus(one["status"]),
            MigrationKind(one["migration_kind"]),
            TargetService(one["target_service"]),
            tuple(map(date.fromisoformat, one["planned"])),
            tuple(map(date.fromisoformat, one["restricted"])),
            one["undated"],
            datetime.fromisoformat(one["issued_at"]),
            one["announced"],
        )
        for one in stored
    )
