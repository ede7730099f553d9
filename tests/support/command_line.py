from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from typer.testing import CliRunner

from services.runtime.bootstrap import make_parts, make_store
from services.runtime.cli.main import app
from services.runtime.settings import Settings
from services.storage.store import Store
from tests.support.clock import FrozenClock
from tests.support.deployment import PATIENCE, RecordingChannel

BLACKPOOL, RAVEN = "E06000009", "RAVN"
NUMBER = "01632 960123"
MAIL_SERVER = "mailto://user:secret-word@mail.example"
ADDRESS = "desk@council.example"
ROUTE = f"{MAIL_SERVER}?to=desk%40council.example"
ENTRY = {"Client Ref": "TC1", "Tel No": NUMBER, "Post Code": "FY3 8AB", "Address 1": "14 Lapwing Close"}
NOTICE = {"id": "n1", "cli": "+44 1632 960123", "planned_migration_date": "2026-12-03"}


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        # Tables wrap at the width of the terminal. Joined into one line, their text is always the same.
        return " ".join(self.out.split())

    @property
    def complaint(self) -> str:
        return " ".join(self.err.split())


@cache
def _ready() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="pullcord-test-")


@dataclass
class Desk:
    # The files of the commands.
    folder: Path
    clock: FrozenClock
    channel: RecordingChannel = field(default_factory=RecordingChannel)

    def run(self, *typed: str, typing: str = "") -> CommandResult:
        # An unexpected exception of a command is raised here, so that the test fails.
        result = CliRunner().invoke(app, list(typed), input=typing)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return CommandResult(result.exit_code, result.stdout, result.stderr)

    def done(self, *typed: str, typing: str = "") -> CommandResult:
        printed = self.run(*typed, typing=typing)
        assert printed.code == 0, printed.err
        return printed

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def sheet(self, name: str, rows: Sequence[Mapping[str, str]]) -> str:
        path = self.folder / name
        # The csv module writes its own line ends.
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    def make_ready(self) -> Desk:
        # The deployment has one council and one provider.
        # The commands take longer than most tests, so they run once, and each later test copies their files.
        ready = Path(_ready().name) / "var"
        if ready.exists():
            shutil.copytree(ready, self.folder / "var")
            return self
        self.done("init")
        self.done("councils", "add", BLACKPOOL, "Blackpool Council")
        self.done("providers", "add", RAVEN, "Raven Telecom")
        shutil.copytree(self.folder / "var", ready)
        return self

    def with_a_case(self) -> str:
        self.done("import", "register", self.sheet("register.csv", [ENTRY]), "--council", BLACKPOOL)
        self.done("import", "notices", self.file("notices.json", json.dumps([NOTICE])), "--provider", RAVEN)
        return next(word for word in self.run("cases").out.split() if word.startswith("C-"))

    def with_an_officer(self) -> None:
        self.done("policy", "contact", "add", BLACKPOOL, typing=f"{ADDRESS}\n")

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = make_store(Settings(), self.clock)
        try:
            yield store
        finally:
            store.engine.dispose()

    def send_what_is_due(self) -> None:
        # Does the work that `serve` would do now: handle events, review cases, send messages.
        with self.store() as store:
            parts = make_parts(Settings(), store, channel=self.channel)
            while parts.engine.run_due():
                pass
            # In a test a message is sent at once, but a slow machine needs more time to notice this.
            parts.dispatcher.patience = PATIENCE
            while parts.dispatcher.run_due():
                pass
