"""Runs the rows through Pullcord itself, from the request body to the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

from benchmarks.matching.figures.tally import Truth
from benchmarks.matching.runs.outcome import Outcome, read_outcome
from benchmarks.matching.runs.row_files import ROWS_A_BODY, RowFiles
from benchmarks.matching.world.addresses import STYLES
from benchmarks.timing import database
from services.alerts.states.rules import load_ruleset
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.runtime.consumers import make_consumers
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.storage.database.engine import make_engine
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.store import Store
from services.storage.vault import Vault
from services.web.bodies import JSON, read_json_rows

_NOW: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)


class _StoppedClock:
    # So that a run depends on the seed alone.
    def now(self) -> datetime:
        return _NOW


@dataclass(frozen=True, slots=True)
class PullcordRun:
    outcome: Outcome
    refused_rows: int
    ingest_seconds: float
    match_seconds: float

    @property
    def seconds(self) -> float:
        return self.ingest_seconds + self.match_seconds


def run_pullcord(files: RowFiles, truth: Truth, *, postgres: bool = False) -> PullcordRun:
    folder = files.folder / "pullcord"
    folder.mkdir()
    with database(folder, postgres=postgres) as url:
        store = Store(make_engine(url), Vault({"k": b"k" * 32}, "k"), Tokeniser(b"t" * 32), _StoppedClock())
        upgrade(store.engine)
        service = _Service(store)
        entries = _timed(lambda: service.accept_entries(files))
        early = _timed(service.match)
        notices = _timed(lambda: service.accept_notices(files))
        late = _timed(service.match)
        outcome = read_outcome(store, truth, service.councils, service.provider)
        store.engine.dispose()
    return PullcordRun(outcome, service.refused, entries + notices, early + late)


class _Service:
    def __init__(self, store: Store) -> None:
        self._store = store
        # By style: the feed of the council that writes so.
        self.councils = {
            style: add_feed(store, "council", f"E9999990{place}", style.title()) for place, style in enumerate(STYLES)
        }
        self.provider = add_feed(store, "provider", "RAVN", "Raven Telecom")
        # Rows without anything that the ingest can use.
        self.refused = 0
        self._bodies = 0
        self._dispatcher = EventDispatcher(store, make_consumers(load_ruleset("pstn-2026")))

    def accept_entries(self, files: RowFiles) -> None:
        for style, body in files.entry_bodies():
            self._accept(self.councils[style], RecordKind.ENTRY, "entries", body)

    def accept_notices(self, files: RowFiles) -> None:
        for body in files.notice_bodies():
            self._accept(self.provider, RecordKind.NOTICE, "notices", body)

    def match(self) -> None:
        while self._dispatcher.run_once():
            pass

    def _accept(self, feed: str, kind: RecordKind, member: str, body: bytes) -> None:
        self._bodies += 1
        rows = raw_rows(read_json_rows(body, JSON, member, ROWS_A_BODY))
        receipt, _ = accept(self._store, Origin(feed, kind, "bench", self._bodies.to_bytes(32, "big")), rows)
        self.refused += receipt.counts["rejected"]


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
