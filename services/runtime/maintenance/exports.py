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
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import Connection, Select

from services.alerts.delivery.digest import entry_references
from services.core.errors import RefusedError
from services.core.hidden_numbers import has_telephone_number
from services.core.match_reference import match_reference
from services.core.tokens import Tokeniser
from services.runtime.maintenance.store import cases_to_export, matches_to_export
from services.storage.store import Store

# The number of rows in memory at the same time.
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
    CSV = ".csv"
    NDJSON = ".ndjson"


def export_cases(
    store: Store, path: Path, feed_id: str | None = None, *, ended: bool = False, references: bool = False
) -> int:
    """Return the number of rows. Raises RefusedError for a wrong suffix or a missing folder."""
    query = cases_to_export(feed_id, ended=ended)
    return _export(store, path, query, _case, CASE_COLUMNS, references=references)


def export_matches(
    store: Store, path: Path, feed_id: str | None = None, *, ended: bool = False, references: bool = False
) -> int:
    """Return the number of rows. Raises RefusedError for a wrong suffix or a missing folder."""
    query = matches_to_export(feed_id, ended=ended)
    return _export(store, path, query, partial(_match, store.tokeniser), MATCH_COLUMNS, references=references)


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """Open a file for writing. The file appears only when complete.

    Raises RefusedError if the folder is missing.
    """
    if not path.parent.is_dir():
        raise RefusedError(f"there is no folder {path.parent}: make it first")
    # mkstemp makes a file that only its owner can read. It is in the same folder, so that a rename is enough.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            # On the disk before the rename: a power cut must not leave an empty file of that name.
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        # Leave no incomplete file behind.
        Path(draft).unlink(missing_ok=True)
        raise


def shown_reference(reference: str) -> str | None:
    """Return None if the reference could identify a person."""
    fits = _LIKE_A_REFERENCE.fullmatch(reference) and not has_telephone_number(reference)
    return reference if fits else None


def _case(row: Mapping[str, Any]) -> Row:
    named = {column: row[column] for column in CASE_COLUMNS[2:]}
    return {"case": row["reference"], "council": row["code"], **named}


def _match(tokeniser: Tokeniser, row: Mapping[str, Any]) -> Row:
    reference = match_reference(tokeniser, row["notice_pk"], row["entry_pk"])
    made = {"match": reference, "notice_status": row["status"]}
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
