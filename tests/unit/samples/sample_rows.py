from __future__ import annotations

import io
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import openpyxl

from scripts.samples.numbers import MENDABLE
from scripts.samples.services import Service
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import Draft, EntryFacts, NoticeFacts, RawRow, RecordKind, Refused
from services.ingest.reading.rules import read_entry, read_notice
from services.ingest.reading.sheets import read_sheet
from services.runtime.demo.samples import SAMPLES

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FICTIONAL = re.compile(
    r"\+44(1632960\d{3}|2079460\d{3}|11[345678]4960\d{3}|1[23456]14960\d{3}|1914980\d{3}|2920180\d{3}|7700900\d{3})"
)
SEED = 2027

Entries = list[Draft[EntryFacts] | Refused]
Notices = list[Draft[NoticeFacts] | Refused]


def feed_of(name: str) -> str:
    return next(sample.feed_id for sample in SAMPLES if sample.file_name == name)


def raw_rows(name: str, data: bytes) -> list[RawRow]:
    if name.endswith(".json"):
        return [RawRow(number, fields) for number, fields in enumerate(json.loads(data)["notices"], start=1)]
    kind = RecordKind.ENTRY if name.startswith("register") else RecordKind.NOTICE
    return list(read_sheet(data, kind, FileLimits(), None, name).rows)


def taken_in(name: str, data: bytes, now: datetime = NOON) -> list[Draft[Any] | Refused]:
    sender = feed_of(name).partition(":")[2]
    rows = raw_rows(name, data)
    if name.startswith("register"):
        return [read_entry(row, now) for row in rows]
    return [read_notice(row, sender, now) for row in rows]


def drafts(read: Entries) -> list[Draft[EntryFacts]]:
    return [one for one in read if isinstance(one, Draft)]


def numbers_of(draft: Draft[NoticeFacts]) -> set[str]:
    return set(draft.opened()["numbers"])


def plain(service: Service) -> str:
    assert service.line is not None
    return MENDABLE["+44"](service.line)


def is_before(first: date | None, second: date | None) -> bool:
    return first is not None and second is not None and first < second


def cells(data: bytes) -> list[list[tuple[Any, str, str]]]:
    sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    return [[(cell.value, cell.data_type, cell.number_format) for cell in row] for sheet in sheets for row in sheet]
