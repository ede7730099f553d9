"""The command line in a test: a deployment in a folder, a frozen clock, and what a command printed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from services.runtime.bootstrap import make_parts, make_store
from services.runtime.cli.main import app
from services.runtime.settings import Settings
from services.storage.store import Store
from tests.support.clock import FrozenClock
from tests.support.deployment import PATIENCE, RecordingChannel

BLACKPOOL, RAVEN = "E06000009", "RAVN"
NUMBER = "01632 960123"
ROUTE = "mailto://user:secret-word@mail.example?to=desk@council.example"
ENTRY = {"Client Ref": "TC1", "Tel No": NUMBER, "Post Code": "FY3 8AB", "Address 1": "14 Lapwing Close"}
NOTICE = {"id": "n1", "cli": "+44 1632 960123", "planned_migration_date": "2026-12-03"}


@dataclass(frozen=True)
class Printed:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """All of stdout on one line, whatever the width of the tables."""
        return " ".join(self.out.split())

    @property
    def complaint(self) -> str:
        """All of stderr on one line."""
        return " ".join(self.err.split())


@dataclass
class Desk:
    """A machine with Pullcord's command line, and files to give it."""

    folder: Path
    clock: FrozenClock
    channel: RecordingChannel = field(default_factory=RecordingChannel)

    def run(self, *typed: str, typing: str = "") -> Printed:
        """Run a command; a fault nobody foresaw is raised in the test."""
        result = CliRunner().invoke(app, list(typed), input=typing)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Printed(result.exit_code, result.stdout, result.stderr)

    def done(self, *typed: str, typing: str = "") -> Printed:
        """Run a command that must succeed."""
        printed = self.run(*typed, typing=typing)
        assert printed.code == 0, printed.err
        return printed

    def file(self, name: str, content: str | bytes) -> str:
        """A file of that content; its path."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def sheet(self, name: str, rows: Sequence[Mapping[str, str]]) -> str:
        """A CSV file of those rows; its path."""
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    def make_ready(self) -> Desk:
        """A deployment that knows Blackpool and Raven Telecom."""
        self.done("init")
        self.done("councils", "add", BLACKPOOL, "Blackpool Council")
        self.done("providers", "add", RAVEN, "Raven Telecom")
        return self

    def with_a_case(self) -> str:
        """One line at risk; the reference of its case."""
        self.done("import", "register", self.sheet("register.csv", [ENTRY]), "--council", BLACKPOOL)
        self.done("import", "notices", self.file("notices.json", json.dumps([NOTICE])), "--provider", RAVEN)
        return next(word for word in self.run("cases").out.split() if word.startswith("C-"))

    def with_an_officer(self) -> None:
        """A duty desk at Blackpool."""
        self.done("policy", "contact", "add", BLACKPOOL, typing=f"{ROUTE}\n")

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The deployment's store."""
        store = make_store(Settings(), self.clock)
        try:
            yield store
        finally:
            store.engine.dispose()

    def send_what_is_due(self) -> None:
        """Do what `serve` would do now."""
        with self.store() as store:
            parts = make_parts(Settings(), store, channel=self.channel)
            while parts.engine.run_due():
                pass
            parts.dispatcher.patience = PATIENCE
            while parts.dispatcher.run_due():
                pass
