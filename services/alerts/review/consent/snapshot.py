"""All functions are pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from schemas.codes import (
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    ServiceStatus,
    TargetService,
)
from services.alerts.review.case import AreaDays, Entry, Line, Rival
from services.core.area_facts import AreaPart


class Facts(NamedTuple):
    entry: Entry
    lines: tuple[Line, ...]


def snapshot(entry: Entry, lines: Sequence[Line]) -> dict[str, Any]:
    """Return the facts in a form that JSON can store."""
    said = {"live": entry.live, "service": entry.service_status.value, "connection": entry.connection.value}
    return {"entry": said, "lines": [_written(line) for line in lines]}


def recalled(believed: Mapping[str, Any], entry: Entry) -> Facts:
    # `entry` supplies the ids, which never change.
    said = believed["entry"]
    before = replace(
        entry,
        live=said["live"],
        service_status=ServiceStatus(said["service"]),
        connection=Connection(said["connection"]),
    )
    return Facts(before, tuple(_read(line) for line in believed["lines"]))


def _written(line: Line) -> dict[str, Any]:
    values = {
        "notice": line.notice_pk,
        "level": line.level.value,
        "decision": line.decision.value,
        "decided": line.decided_level.value if line.decided_level else None,
        "status": line.status.value,
        "kind": line.migration_kind.value,
        "target": line.target_service.value,
        # Of all days of the notices on an area, only one planned day and one restriction day are kept.
        "planned": _text(line.planned_on),
        "restricted": _text(line.restriction_on),
        "issued": line.issued_at.isoformat(),
        "provider": line.provider,
        "revision": line.revision,
        "announced": line.announced,
        "unsure": _text(line.unsure_from),
        "rival": _rival_written(line.rival),
        "part": line.days.part.value if line.days else None,
        "undated": line.days.undated if line.days else None,
    }
    # Few lines have every fact, and a snapshot is written at every review.
    return {name: value for name, value in values.items() if value is not None}


def _read(values: Mapping[str, Any]) -> Line:
    decided, planned, restricted = values.get("decided"), _day(values.get("planned")), _day(values.get("restricted"))
    return Line(
        notice_pk=values["notice"],
        level=MatchLevel(values["level"]),
        decision=MatchDecision(values["decision"]),
        decided_level=MatchLevel(decided) if decided else None,
        status=NoticeStatus(values["status"]),
        migration_kind=MigrationKind(values["kind"]),
        target_service=TargetService(values["target"]),
        planned_on=planned,
        restriction_on=restricted,
        issued_at=datetime.fromisoformat(values["issued"]),
        provider=values["provider"],
        revision=values["revision"],
        announced=values["announced"],
        rival=_rival_read(values.get("rival")),
        unsure_from=_day(values.get("unsure")),
        days=_area_read(values, planned, restricted),
    )


def _area_read(values: Mapping[str, Any], planned: date | None, restricted: date | None) -> AreaDays | None:
    if "part" not in values:
        return None
    return AreaDays(AreaPart(values["part"]), _only(planned), _only(restricted), values["undated"])


def _only(day: date | None) -> tuple[date, ...]:
    return () if day is None else (day,)


def _rival_written(rival: Rival | None) -> list[str | None] | None:
    return None if rival is None else [rival.status.value, _text(rival.planned_on), _text(rival.restriction_on)]


def _rival_read(values: Sequence[Any] | None) -> Rival | None:
    if values is None:
        return None
    status, planned, restricted = values
    return Rival(NoticeStatus(status), _day(planned), _day(restricted))


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
