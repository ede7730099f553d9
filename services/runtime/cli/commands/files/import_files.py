from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic_core import from_json

from services.core.errors import RefusedError
from services.ingest.answers import ColumnAnswer, column_answers
from services.ingest.files.dates import DateOrder
from services.ingest.files.problems import FileCode, FileRefused
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.sheets import Sheet
from services.ingest.reading.spreadsheets.chosen_columns import ChosenWord
from services.ingest.reading.spreadsheets.remarks import Remarks, no_remarks
from services.ingest.requests import IngestLimits, raw_rows
from services.ingest.workers.job import FileJob
from services.ingest.workers.pool import file_readers
from services.web.bodies import JSON, NDJSON, as_utf8, read_json_rows
from services.web.problems import ProblemError

# The member that holds the rows, where a JSON file is an object and not a list.
MEMBER: Final = {RecordKind.NOTICE: "notices", RecordKind.ENTRY: "entries"}


@dataclass(frozen=True)
class FileRows:
    data: bytes
    rows: Sequence[RawRow]
    columns: Sequence[ColumnAnswer] = ()
    remarks: Remarks = no_remarks
    sheet: Sheet | None = None


def read_file(
    path: Path,
    kind: RecordKind,
    limits: IngestLimits,
    dates: DateOrder | None = None,
    by_hand: Sequence[str] = (),
    words: Sequence[str] = (),
    remembered: Sequence[ChosenWord] = (),
) -> FileRows:
    """Raises RefusedError if the JSON is faulty or an option does not suit the file.

    Raises FileRefused if the file is too large or unreadable.
    """
    # Before it is read: a file of any size may be named by mistake.
    if path.stat().st_size > limits.files.bytes:
        raise FileRefused(FileCode.TOO_LARGE)
    data = path.read_bytes()
    body = as_utf8(data)
    if body.lstrip().startswith((b"{", b"[")):
        if by_hand:
            raise RefusedError("--column goes with CSV and XLSX: a JSON file has the names of the fields")
        if words:
            raise RefusedError("--status goes with CSV and XLSX: a JSON file has the codes of the fields")
        if dates:
            raise RefusedError("--dates goes with CSV and XLSX: the dates of a JSON file are written as YYYY-MM-DD")
        return FileRows(data, _json_rows(body, kind, limits.files))
    job = FileJob(
        data,
        kind,
        limits.files,
        file_name=path.name,
        dates=dates,
        by_hand=tuple(by_hand),
        words=tuple(words),
        remembered=tuple(remembered),
    )
    sheet = file_readers(limits.workers).read(job)
    rows = list(sheet.rows)
    # The same words about columns as the API gives.
    return FileRows(data, rows, column_answers(sheet), sheet.remarks_after, sheet)


def _json_rows(body: bytes, kind: RecordKind, limits: FileLimits) -> list[RawRow]:
    try:
        return raw_rows(read_json_rows(body, _media(body), MEMBER[kind], limits.rows))
    except ProblemError as error:
        # The API speaks of the body of a request; here there is a file.
        raise RefusedError(str(error).replace("the body", "the file")) from None


def _media(body: bytes) -> str:
    # NDJSON has a whole object on its first line, and more lines after it.
    first, _, rest = body.lstrip().partition(b"\n")
    if not rest.strip() or not first.startswith(b"{"):
        return JSON
    try:
        from_json(first)
    except ValueError:
        return JSON
    return NDJSON
