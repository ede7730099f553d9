from __future__ import annotations

import csv
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import select

from services.core.tokens import TokenKind
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import read_sheet
from services.storage.store import Store
from services.storage.tables import entry_tokens, notices, register_entries
from services.storage.vault import place
from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.http import CSV, ENTRIES, NOTICE_UPLOADS, NOTICES, REGISTER_UPLOADS, XLSX, Api

CASES: Final = Path(__file__).parents[1] / "data" / "cases"
WAYS: Final = ("command line", "upload", "post")
_KEYS: Final = count()
_FEED: Final = {"register": ("--council", BLACKPOOL), "notices": ("--provider", RAVEN)}


class NamedRow(NamedTuple):
    row: int
    outcome: str
    code: str
    reason: str


class Way(Protocol):
    def store(self) -> AbstractContextManager[Store]: ...

    def send(self, kind: str, data: bytes, *, dry: bool = False) -> list[NamedRow]: ...


@dataclass
class CommandLine:
    desk: Desk

    def store(self) -> AbstractContextManager[Store]:
        return self.desk.store()

    def send(self, kind: str, data: bytes, *, dry: bool = False) -> list[NamedRow]:
        errors = self.desk.folder / "errors.csv"
        typed = ("import", kind, self.desk.file("sent", data), *_FEED[kind], "--errors", str(errors))
        printed = self.desk.done(*typed, "--dry-run" if dry else "--no-match")
        # utf-8-sig, because the file begins with a byte order mark for spreadsheet programs.
        with errors.open(encoding="utf-8-sig", newline="") as file:
            named = [
                NamedRow(int(row["row"]), row["outcome"], row["code"], row["reason"]) for row in csv.DictReader(file)
            ]
        assert all(one.reason in printed.words for one in named if one.code == "stale")
        return named


@dataclass
class Upload:
    api: Api

    def store(self) -> AbstractContextManager[Store]:
        return nullcontext(self.api.deployment.store)

    def send(self, kind: str, data: bytes, *, dry: bool = False) -> list[NamedRow]:
        who, path = ("blackpool", REGISTER_UPLOADS) if kind == "register" else ("raven", NOTICE_UPLOADS)
        media = XLSX if data.startswith(b"PK") else CSV
        if dry:
            shown = self.api.ask(who, "POST", f"{path}?dry_run=true", content=data, headers={"Content-Type": media})
            assert shown.status_code == 200
            return _named(shown.json()["rows_with_issues"])
        return receipts(self.api, who, "POST", path, content=data, headers={"Content-Type": media})


@dataclass
class Post:
    api: Api

    def store(self) -> AbstractContextManager[Store]:
        return nullcontext(self.api.deployment.store)

    def send(self, kind: str, data: bytes, *, dry: bool = False) -> list[NamedRow]:
        assert not dry, "JSON has no dry run over HTTP"
        is_register = kind == "register"
        who, method, path = ("blackpool", "PUT", ENTRIES) if is_register else ("raven", "POST", NOTICES)
        named = receipts(self.api, who, method, path, json=as_json(kind, data))
        # A spreadsheet also counts its heading row.
        return [one._replace(row=one.row + 1) for one in named]


def receipts(api: Api, who: str, method: str, path: str, **sent: Any) -> list[NamedRow]:
    headers = {"Idempotency-Key": f"key {next(_KEYS)}", **sent.pop("headers", {})}
    first = api.ask(who, method, path, headers=headers, **sent)
    assert first.status_code == 202, first.text
    named = _named(first.json()["rows_with_issues"])
    # The request is sent again under the same key. It gets the stored receipt, and nothing is recorded twice.
    again = api.ask(who, method, path, headers=headers, **sent).json()
    assert (again["repeated"], _named(again["rows_with_issues"])) == (True, named)
    assert _named(api.ask(who, "GET", first.headers["Location"]).json()["rows"]) == named
    return named


def as_json(kind: str, data: bytes) -> list[dict[str, Any]]:
    sheet = read_sheet(data, RecordKind.ENTRY if kind == "register" else RecordKind.NOTICE, FileLimits())
    rows: list[dict[str, Any]] = json.loads(json.dumps([dict(row.fields) for row in sheet.rows], default=_iso))
    return rows


def way_of(name: str, desk: Callable[[], Desk], api: Callable[[], Api]) -> Way:
    if name == "command line":
        return CommandLine(desk())
    return Upload(api()) if name == "upload" else Post(api())


def case_file(name: str) -> bytes:
    (path,) = CASES.glob(f"{name}-*")
    return path.read_bytes()


def days_on_record(way: Way) -> list[tuple[str, str]]:
    with way.store() as store, store.reading() as connection:
        query = select(notices.c.planned_on, notices.c.rival_planned_on).order_by(notices.c.pk)
        return [(str(one), str(other)) for one, other in connection.execute(query)]


def numbers_on_record(way: Way) -> list[tuple[str, int]]:
    with way.store() as store, store.reading() as connection:
        return [_number(store, connection, row) for row in connection.execute(select(register_entries)).all()]


def _number(store: Store, connection: Any, row: Any) -> tuple[str, int]:
    private = store.vault.open(place(register_entries.name, row.record_key), row.sealed)
    tokens = connection.execute(select(entry_tokens).where(entry_tokens.c.entry_pk == row.pk)).all()
    return private["numbers"][0], sum(one.kind == TokenKind.TELEPHONE for one in tokens)


def _named(rows: list[dict[str, Any]]) -> list[NamedRow]:
    return [
        NamedRow(row["row"], row["outcome"], issue["code"], issue["reason"]) for row in rows for issue in row["issues"]
    ]


def _iso(value: date | datetime) -> str:
    return value.isoformat()
