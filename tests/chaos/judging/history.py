from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

# The status of a notice whose line will not be moved.
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    # The version with the latest `issued_at` counts.
    feed: str
    reference: str
    number: str
    status: str
    planned_on: date
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class EntryVersion:
    # The version with the latest `updated_at` counts.
    feed: str
    reference: str
    number: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    submission: str
    rows: Sequence[NoticeVersion | EntryVersion]
    # True if the receipt belongs to an earlier try, whose answer never came.
    repeated: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    alert: str
    cases: Sequence[str]


@dataclass
class History:
    # Each client adds to the history from its own thread.
    accepted: list[Accepted] = field(default_factory=list)
    # The references of entries that were taken off the register, each with a 204.
    withdrawn: list[str] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    # Answers that refuse a request. No request of the clients should be refused.
    refused: list[str] = field(default_factory=list)
    # The number of requests that were sent again, by reason.
    tried_again: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return sum(len(one.rows) for one in self.accepted)

    def notices(self) -> Iterator[NoticeVersion]:
        return (row for one in list(self.accepted) for row in one.rows if isinstance(row, NoticeVersion))

    def entries(self) -> Iterator[EntryVersion]:
        return (row for one in list(self.accepted) for row in one.rows if isinstance(row, EntryVersion))

    def latest_notices(self) -> Mapping[str, NoticeVersion]:
        return {row.reference: row for row in sorted(self.notices(), key=lambda row: row.issued_at)}

    def latest_entries(self) -> Mapping[str, EntryVersion]:
        # Withdrawn entries are included.
        return {row.reference: row for row in sorted(self.entries(), key=lambda row: row.updated_at)}
