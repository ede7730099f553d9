from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from services.storage.store import Store
from services.storage.tables import register_entries
from services.storage.vault import place
from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.http import CSV, NOTICE_UPLOADS, REGISTER_UPLOADS, XLSX, Api

_FEED: Final = {"register": ("--council", BLACKPOOL), "notices": ("--provider", RAVEN)}
_UPLOADS: Final = {"register": ("blackpool", REGISTER_UPLOADS), "notices": ("raven", NOTICE_UPLOADS)}


class FileIssue(NamedTuple):
    row: int
    outcome: str
    field: str
    code: str
    reason: str


@dataclass
class FileAnswers:
    desk: Desk
    api: Api

    def of(self, data: bytes, kind: str = "register") -> list[FileIssue]:
        dry = self._typed(kind, data, "--dry-run")
        assert self._posted(kind, data, "?dry_run=true") == dry
        assert self._typed(kind, data, "--no-match") == dry
        assert self._posted(kind, data, "") == dry
        return dry

    def codes(self, data: bytes, kind: str = "register") -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for one in self.of(data, kind):
            found.setdefault(one.code, []).append(one.row)
        return found

    def entries(self) -> list[dict[str, Any]]:
        with self.desk.store() as store:
            kept = _entries(store)
        assert kept == _entries(self.api.deployment.store)
        return kept

    def _typed(self, kind: str, data: bytes, how: str) -> list[FileIssue]:
        errors = self.desk.folder / "errors.csv"
        name = self.desk.file("sent", data)
        self.desk.run("import", kind, name, *_FEED[kind], "--errors", str(errors), how)
        # utf-8-sig: the file carries a byte order mark for spreadsheet programs.
        with errors.open(encoding="utf-8-sig", newline="") as file:
            return [
                FileIssue(int(row["row"]), row["outcome"], row["field"], row["code"], row["reason"])
                for row in csv.DictReader(file)
            ]

    def _posted(self, kind: str, data: bytes, query: str) -> list[FileIssue]:
        who, path = _UPLOADS[kind]
        media = {"Content-Type": XLSX if data.startswith(b"PK") else CSV}
        # If no row was accepted, the answer has the status 422, and names the rows too.
        answer = self.api.ask(who, "POST", path + query, content=data, headers=media).json()
        return [
            FileIssue(row["row"], row["outcome"], issue["field"], issue["code"], issue["reason"])
            for row in answer["rows_with_issues"]
            for issue in row["issues"]
        ]


def _entries(store: Store) -> list[dict[str, Any]]:
    with store.reading() as connection:
        rows = connection.execute(select(register_entries)).all()
    opened = [store.vault.open(place(register_entries.name, row.record_key), row.sealed) for row in rows]
    return sorted(opened, key=lambda one: str(one["record"]["entry_id"]))
