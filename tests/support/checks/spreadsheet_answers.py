from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.http import CSV, NOTICE_UPLOADS, REGISTER_UPLOADS, XLSX, Api

_KEYS: Final = count()
_FEED: Final = {"register": ("--council", BLACKPOOL), "notices": ("--provider", RAVEN)}


@dataclass(frozen=True)
class FileAnswer:
    remarks: list[str]
    columns: list[dict[str, Any]]
    counts: dict[str, int]
    rows: list[dict[str, Any]]

    @property
    def read(self) -> dict[str, str]:
        return {column["heading"]: column["field"] for column in self.columns if column["field"]}

    @property
    def issues(self) -> set[tuple[int, str, str]]:
        return {(row["row"], issue["field"], issue["code"]) for row in self.rows for issue in row["issues"]}

    def said(self, *words: str) -> bool:
        return any(all(word in remark for word in words) for remark in self.remarks)


def answer_on(kind: str, data: bytes, desk: Desk, api: Api, *columns: str) -> FileAnswer:
    shown = _uploaded(kind, data, api, columns)
    options = [part for column in columns for part in ("--column", column)]
    typed = ("import", kind, desk.file("sent", data), *_FEED[kind], *options)
    for last in ("--dry-run", "--no-match"):
        printed = desk.run(*typed, last)
        missing = [remark for remark in shown.remarks if " ".join(remark.split()) not in printed.words]
        assert missing == [], printed.words
    return shown


def _uploaded(kind: str, data: bytes, api: Api, columns: tuple[str, ...]) -> FileAnswer:
    who, path = ("blackpool", REGISTER_UPLOADS) if kind == "register" else ("raven", NOTICE_UPLOADS)
    headers = {
        "Content-Type": XLSX if data.startswith(b"PK") else CSV,
        "Idempotency-Key": f"file {next(_KEYS)}",
    }
    sent: dict[str, Any] = {"content": data, "headers": headers}
    dry = api.ask(who, "POST", path, **sent, params={"column": columns, "dry_run": "true"}).json()
    first = api.ask(who, "POST", path, **sent, params={"column": columns}).json()
    shown = _answer(first)
    assert _answer(dry) == shown
    assert _answer(api.ask(who, "POST", path, **sent, params={"column": columns}).json()) == shown
    stored = api.ask(who, "GET", f"/v1/submissions/{first['submission']}").json()
    assert stored["remarks"] == shown.remarks
    return shown


def _answer(answer: dict[str, Any]) -> FileAnswer:
    return FileAnswer(answer["remarks"], answer["columns"], answer["counts"], answer["rows_with_issues"])
