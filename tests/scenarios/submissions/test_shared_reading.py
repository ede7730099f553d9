"""Several processes read the rows of a large submission."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import psutil
import pytest

from services.ingest.reading.drafts import RawRow, RecordKind, Refused
from services.ingest.reading.row_reader import RowReader, in_this_process
from services.ingest.requests import raw_rows
from services.ingest.workers.row_readers import MANY_ROWS, RowReaders

NOW: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)
NOTICES: Final = RowReader(RecordKind.NOTICE, "RAVN", NOW)
ENTRIES: Final = RowReader(RecordKind.ENTRY, "Blackpool", NOW)
AT_HOME: Final = {"address_lines": ["Flat 2", "18-20 High Street"], "post_town": "Blackpool", "postcode": "FY3 8AB"}
# Rows of every kind: whole, of an area, a report on a notice, with a fault in a field, refused, of another sender.
SENT: Final[dict[RecordKind, list[dict[str, Any]]]] = {
    RecordKind.NOTICE: [
        {"cli": "01632 960123", "uprn": "10000", "planned_migration_date": "2026-12-10", **AT_HOME},
        {"cli": "01632960124 / 01632960125", "issued_at": "2026-11-29T10:00:00+01:00", "telecare_known": True},
        {"area_codes": ["FY3 8", "FY4", "nowhere"], "scope": "postcode", "issued_at": "2026-11-29T10:00:00Z"},
        {"status": "withdrawn", "supersedes": "n0", "migrated_on": "soon"},
        {"planned_migration_date": "32/13/2026", "cli": "01632960126"},
        {"provider_id": "OTHER", "cli": "01632960127"},
    ],
    RecordKind.ENTRY: [
        {"cli": "01632 960123", "uprn": "10000", "connection": "analogue_line", **AT_HOME},
        {
            "cli": "07700900123",
            "updated_at": "2026-11-29T10:00:00.5+05:30",
            "last_confirmed_at": "2026-11-01T09:00:00Z",
        },
        {"service_status": "gone", "share_basis_id": "b1", "share_basis_expires_on": "2027-03-01", "shoe_size": 9},
        {"updated_at": "2030-01-01T00:00:00Z", "cli": "01632960128"},
    ],
}


def _rows(kind: RecordKind, count: int) -> list[RawRow]:
    reference = "provider_reference" if kind is RecordKind.NOTICE else "entry_id"
    sent = SENT[kind]
    return raw_rows([(number, {reference: f"r{number}", **sent[number % len(sent)]}) for number in range(count)])


class Started:
    """Lists the processes that read rows and were started since the test began."""

    def __init__(self) -> None:
        self._before = self._running()

    def __call__(self) -> set[int]:
        return self._running() - self._before

    def _running(self) -> set[int]:
        children = (child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE)
        return {child.pid for child in children if "row_worker" in " ".join(child.cmdline())}


@pytest.fixture
def started() -> Started:
    return Started()


@pytest.fixture
def readers(started: Started) -> Iterator[RowReaders]:
    made = RowReaders(2)
    yield made
    made.close()


@pytest.mark.parametrize("reader", [NOTICES, ENTRIES], ids=lambda reader: reader.kind.value)
def test_shared_rows_are_read_as_in_one_process_and_in_their_order(
    readers: RowReaders, reader: RowReader, started: Started
) -> None:
    rows = _rows(reader.kind, MANY_ROWS + 201)
    found = list(readers.read(reader, rows))
    assert found == list(in_this_process(reader, rows))
    assert [row.row for row in found] == list(range(MANY_ROWS + 201))
    assert any(isinstance(row, Refused) for row in found)
    assert 1 <= len(started()) <= 2


def test_a_small_submission_starts_no_process(readers: RowReaders, started: Started) -> None:
    assert len(list(readers.read(ENTRIES, _rows(ENTRIES.kind, MANY_ROWS - 1)))) == MANY_ROWS - 1
    assert started() == set()


def test_with_one_reader_the_process_reads_every_row_itself(started: Started) -> None:
    alone = RowReaders(1)
    assert len(list(alone.read(ENTRIES, _rows(ENTRIES.kind, MANY_ROWS)))) == MANY_ROWS
    assert started() == set()
    alone.close()


def test_a_process_that_is_killed_loses_no_row_and_is_replaced(readers: RowReaders, started: Started) -> None:
    rows = _rows(NOTICES.kind, 3 * MANY_ROWS)
    reading = readers.read(NOTICES, rows)
    found = [next(reading)]
    killed = started()
    for pid in killed:
        psutil.Process(pid).kill()
    found += reading
    assert found == list(in_this_process(NOTICES, rows))
    assert list(readers.read(NOTICES, rows)) == found
    assert killed
    assert started().isdisjoint(killed)


def test_the_processes_end_with_their_owner(readers: RowReaders, started: Started) -> None:
    list(readers.read(ENTRIES, _rows(ENTRIES.kind, MANY_ROWS)))
    assert started()
    readers.close()
    assert started() == set()
