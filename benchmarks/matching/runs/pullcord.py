"""Runs the rows through Pullcord itself, from the request body to the case."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from time import perf_counter

from benchmarks.matching.figures.tally import Truth
from benchmarks.matching.runs.matcher import CORES, make_store, matching
from benchmarks.matching.runs.outcome import Outcome, read_outcome
from benchmarks.matching.runs.row_files import ROWS_A_BODY, RowFiles
from benchmarks.matching.world.addresses import STYLES
from benchmarks.timing import database
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.row_reader import ReadRows
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.ingest.workers.row_readers import RowReaders
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.store import Store
from services.web.bodies import JSON, read_json_rows


@dataclass(frozen=True, slots=True)
class PullcordRun:
    outcome: Outcome
    refused_rows: int
    # From the first body until the last event is handled.
    seconds: float


def run_pullcord(files: RowFiles, truth: Truth, *, postgres: bool = False) -> PullcordRun:
    folder = files.folder / "pullcord"
    folder.mkdir()
    with database(folder, postgres=postgres) as url, closing(RowReaders(CORES)) as readers:
        store = make_store(url)
        upgrade(store.engine)
        service = _Service(store, readers.read)
        with matching(url) as match_the_rest:
            started = perf_counter()
            service.accept_entries(files)
            service.accept_notices(files)
            match_the_rest()
            seconds = perf_counter() - started
        outcome = read_outcome(store, truth, service.councils, service.provider)
        store.engine.dispose()
    return PullcordRun(outcome, service.refused, seconds)


class _Service:
    def __init__(self, store: Store, read: ReadRows) -> None:
        self._store, self._read = store, read
        # By style: the feed of the council that writes so.
        self.councils = {
            style: add_feed(store, "council", f"E9999990{place}", style.title()) for place, style in enumerate(STYLES)
        }
        self.provider = add_feed(store, "provider", "RAVN", "Raven Telecom")
        # Rows without anything that the ingest can use.
        self.refused = 0
        self._bodies = 0

    def accept_entries(self, files: RowFiles) -> None:
        for style, body in files.entry_bodies():
            self._accept(self.councils[style], RecordKind.ENTRY, "entries", body)

    def accept_notices(self, files: RowFiles) -> None:
        for body in files.notice_bodies():
            self._accept(self.provider, RecordKind.NOTICE, "notices", body)

    def _accept(self, feed: str, kind: RecordKind, member: str, body: bytes) -> None:
        self._bodies += 1
        rows = raw_rows(read_json_rows(body, JSON, member, ROWS_A_BODY))
        source = Origin(feed, kind, "bench", self._bodies.to_bytes(32, "big"))
        receipt, _ = accept(self._store, source, rows, read=self._read)
        self.refused += receipt.counts["rejected"]
