"""Collects the faults that one look at the database has found, in groups by kind and feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

# References that are named in a message, for each kind of fault and each feed [P]. The counts have no limit.
MOST_NAMED: Final = 20


class FaultKind(StrEnum):
    # The values are stored, and are labels of a metric.
    # About one case: something should have been sent, or the case is kept silent.
    MESSAGE_MISSING = "message_missing"
    REVIEW_LATE = "review_late"
    NO_DUE_TIME = "no_due_time"
    REVIEW_PUT_OFF = "review_put_off"
    PAUSE_TOO_LONG = "pause_too_long"
    NEVER_ACCEPTED = "never_accepted"
    HOLD_WITHOUT_END = "hold_without_end"
    SILENCED_WITHOUT_RECORD = "silenced_without_record"
    ENDED_AT_RISK = "ended_at_risk"
    # Records that no longer lead to a case.
    CASE_MISSING = "case_missing"
    MATCH_MISSING = "match_missing"
    MATCH_ENDED = "match_ended"
    NOTICE_ENDED = "notice_ended"
    ENTRY_ENDED = "entry_ended"
    TOKENS_MISSING = "tokens_missing"
    # Work that is not done.
    DELIVERY_LATE = "delivery_late"
    SENT_WITHOUT_ATTEMPT = "sent_without_attempt"
    EVENTS_WAITING = "events_waiting"


@dataclass(frozen=True, slots=True)
class RecordFault:
    kind: FaultKind
    feed_id: str
    # The reference of a case, or empty.
    reference: str = ""
    count: int = 1


@dataclass(slots=True)
class FaultGroup:
    kind: FaultKind
    feed_id: str
    count: int = 0
    # The references of the first of these faults.
    references: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    # Each group counts all its faults, and names a few of them.
    _groups: dict[tuple[FaultKind, str], FaultGroup] = field(default_factory=dict)

    def add(self, faults: Iterable[RecordFault]) -> None:
        for fault in faults:
            key = (fault.kind, fault.feed_id)
            group = self._groups.setdefault(key, FaultGroup(*key))
            group.count += fault.count
            if fault.reference and len(group.references) < MOST_NAMED:
                group.references.append(fault.reference)

    def __iter__(self) -> Iterator[FaultGroup]:
        return iter(sorted(self._groups.values(), key=lambda group: (_ORDER[group.kind], group.feed_id)))

    def __len__(self) -> int:
        return len(self._groups)

    def by_kind(self) -> Counter[FaultKind]:
        counts: Counter[FaultKind] = Counter()
        for group in self._groups.values():
            counts[group.kind] += group.count
        return counts


# What a resident may suffer from comes first, as in the list of kinds.
_ORDER: Final = {kind: place for place, kind in enumerate(FaultKind)}
