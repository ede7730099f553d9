"""All functions are pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from services.ingest.reading.drafts import Draft, RawRow, RecordKind, Refused
from services.ingest.reading.rules import read_entry, read_notice

ReadRow = Draft[Any] | Refused


class RowReader(NamedTuple):
    """Everything beside a row that its reading depends on."""

    kind: RecordKind
    # The name in the feed's id: for a provider the RCPID.
    sender: str
    now: datetime

    def read(self, row: RawRow) -> ReadRow:
        return read_notice(row, self.sender, self.now) if self.kind is RecordKind.NOTICE else read_entry(row, self.now)


ReadRows = Callable[[RowReader, Iterable[RawRow]], Iterator[ReadRow]]


def in_this_process(reader: RowReader, rows: Iterable[RawRow]) -> Iterator[ReadRow]:
    return map(reader.read, rows)
