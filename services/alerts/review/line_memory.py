"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from schemas.codes import REPORTED, MatchLevel
from services.alerts.review.case import Case, Line


@dataclass(frozen=True, slots=True)
class LineMemory:
    provider: str
    # `Line.known_as` at the last review, or None if the line was not at risk.
    known_as: str | None = None
    # The first day of a restriction that a review has recorded as begun.
    restricted: str | None = None
    # The last day of the provider's hold.
    held_until: str | None = None
    # The match level when a person said that this is not the resident's line.
    rejected: str | None = None
    # The fingerprint of the line when a person recorded that the number has left the provider.
    ported: str | None = None
    # The last version of the notice for which a person decided that this version or its rival is valid.
    settled: int | None = None
    # The last version of the notice for which a review noted a rival: another version with the same stamp.
    doubted: int | None = None


Memories = Mapping[str, LineMemory]

_NAMES = tuple(one.name for one in fields(LineMemory))


class _SeenLines(Mapping[str, LineMemory]):
    # A memory is read only when needed, because a case may have thousands of lines.
    def __init__(self, seen: Mapping[str, Any]) -> None:
        self._seen = seen

    def __getitem__(self, key: str) -> LineMemory:
        return LineMemory(**self._seen[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)


def memories(case: Case) -> Memories:
    return _SeenLines(case.seen)


def stored(known: Memories) -> dict[str, dict[str, Any]]:
    return {
        key: {name: value for name in _NAMES if (value := getattr(one, name)) is not None} for key, one in known.items()
    }


def of_line(known: Memories, line: Line) -> LineMemory:
    return known.get(line.key) or LineMemory(line.provider)


def is_rejected(memory: LineMemory, line: Line) -> bool:
    # If the evidence becomes surer than when the person rejected the match, the rejection no longer counts.
    return memory.rejected is not None and line.level.rank <= MatchLevel(memory.rejected).rank


def is_ported(memory: LineMemory, line: Line) -> bool:
    # If the provider changes the notice later, the notice is about a number that the provider has again.
    return memory.ported is not None and memory.ported == line.fingerprint


def is_held(memory: LineMemory, today: date) -> bool:
    return memory.held_until is not None and date.fromisoformat(memory.held_until) >= today


def announced_by(known: Memories, lines: Sequence[Line]) -> frozenset[str]:
    unannounced = {line.key for line in lines if line.reported and not line.announced}
    earlier = {
        one.provider
        for key, one in known.items()
        if one.known_as not in (None, *(status.value for status in REPORTED)) and key not in unannounced
    }
    return frozenset(earlier | {line.provider for line in lines if line.announced})
