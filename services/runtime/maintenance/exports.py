"""Matches and cases as files for figures and for other systems: ids, levels, reasons, dates, and nothing else.

No telephone number, address or name is in them. A council's own reference is left out unless it is asked for, and then
given only where it looks like one: people have put numbers, names and addresses into that column.
"""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import Connection, Select

from services.alerts.delivery.digest import entry_references
from services.core.errors import RefusedError
from services.core.texts import has_telephone_number
from services.runtime.maintenance.store import cases_to_export, matches_to_export
from services.storage.store import Store

# Rows in memory at the same time.
CHUNK: Final = 500

CASE_COLUMNS: Final = (
    "case",
    "council",
    "state",
    "state_since",
    "level",
    "harm_on",
    "planned_on",
    "restriction_on",
    "lines",
    "notice_issued_at",
    "opened_at",
    "last_alert_at",
    "last_threshold",
    "paused_until",
    "hold_until",
    "review_on",
)
MATCH_COLUMNS: Final = (
    "match",
    "council",
    "provider",
    "level",
    "reasons",
    "live",
    "decision",
    "decided_level",
    "decided_at",
    "notice_status",
    "planned_on",
    "restriction_on",
    "issued_at",
    "found_at",
    "ended_at",
)
REFERENCE_COLUMN: Final = "entry_id"

_LIKE_A_REFERENCE: Final = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9/._-]{0,39}", re.ASCII)

Row = dict[str, Any]


class FileFormat(StrEnum):
    """How rows are written; the value is the file's suffix."""

    CSV = ".csv"
    NDJSON = ".ndjson"


def export_cases(
    store: Store, path: Path, feed_id: str | None = None, *, ended: bool = False, references: bool = False
) -> int:
    """Write cases, the oldest first; with `feed_id` that council's only. Returns the number of rows.

    Raises RefusedError for a suffix that is neither .csv nor .ndjson, OSError.
    """
    query = cases_to_export(feed_id, ended=ended)
    return _export(store, path, query, _case, CASE_COLUMNS, references=references)


def export_matches(
    store: Store, path: Path, feed_id: str | None = None, *, ended: bool = False, references: bool = False
) -> int:
    """Write matches by entry; with `feed_id` those of that council's register only. Returns the number of rows.

    Raises RefusedError for a suffix that is neither .csv nor .ndjson, OSError.
    """
    query = matches_to_export(feed_id, ended=ended)
    return _export(store, path, query, _match, MATCH_COLUMNS, references=references)


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A text file that appears under its name only when it is whole and on disk; only its owner can read it.

    Raises RefusedError where its folder is missing.
    """
    if not path.parent.is_dir():
        raise RefusedError(f"there is no folder {path.parent}: make it first")
    # mkstemp makes it readable to its owner alone; beside the target, so that a rename is enough.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            # On the disk before the rename: a power cut must not leave an empty file of that name.
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        # Nothing half written stays behind.
        Path(draft).unlink(missing_ok=True)
        raise


def shown_reference(reference: str) -> str | None:
    """Return a council's own reference if it may leave Pullcord; None if it could be a number, a name or an address."""
    fits = _LIKE_A_REFERENCE.fullmatch(reference) and not has_telephone_number(reference)
    return reference if fits else None


def _case(row: Mapping[str, Any]) -> Row:
    named = {column: row[column] for column in CASE_COLUMNS[2:]}
    return {"case": row["reference"], "council": row["code"], **named}


def _match(row: Mapping[str, Any]) -> Row:
    made = {"match": f"M-{row['notice_pk']}-{row['entry_pk']}", "notice_status": row["status"]}
    made["reasons"] = row["reasons"].split()
    return {column: made[column] if column in made else row[column] for column in MATCH_COLUMNS}


def _export(
    store: Store,
    path: Path,
    query: Select[Any],
    shaped: Callable[[Mapping[str, Any]], Row],
    columns: Sequence[str],
    *,
    references: bool,
) -> int:
    form = _format(path)
    names = (*columns, REFERENCE_COLUMN) if references else tuple(columns)
    count = 0
    with store.reading() as connection, written_whole(path) as file:
        write = _csv_writer(file, names) if form is FileFormat.CSV else _ndjson_writer(file)
        # In chunks: a deployment may have a million rows.
        for chunk in connection.execute(query.execution_options(yield_per=CHUNK)).mappings().partitions():
            rows = [shaped(dict(row)) for row in chunk]
            if references:
                _add_references(connection, store, rows, [row["entry_pk"] for row in chunk])
            write(rows)
            count += len(rows)
    return count


def _add_references(connection: Connection, store: Store, rows: Sequence[Row], entry_pks: Sequence[int]) -> None:
    own = entry_references(connection, store, entry_pks)
    for row, pk in zip(rows, entry_pks, strict=True):
        row[REFERENCE_COLUMN] = shown_reference(own[pk])


def _format(path: Path) -> FileFormat:
    try:
        return FileFormat(path.suffix.lower())
    except ValueError:
        raise RefusedError(
            "name the file with .csv or .ndjson at its end: that says which of the two to write"
        ) from None


def _csv_writer(file: TextIO, names: Sequence[str]) -> Callable[[Iterable[Row]], None]:
    writer = csv.DictWriter(file, names)
    writer.writeheader()
    return lambda rows: writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _ndjson_writer(file: TextIO) -> Callable[[Iterable[Row]], None]:
    def write(rows: Iterable[Row]) -> None:
        file.writelines(json.dumps(row, default=_text) + "\n" for row in rows)

    return write


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    # CSV has no lists.
    if isinstance(value, list):
        return " ".join(value)
    return _text(value) if isinstance(value, date | datetime) else value


def _text(value: Any) -> str:
    # UTC is written with a Z, as in the API.
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, date | datetime) else str(value)
