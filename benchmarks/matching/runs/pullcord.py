"""Runs the rows through Pullcord itself, from the request body to the case."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from time import perf_counter

from benchmarks.matching.figures.tally import Truth
from benchmarks.matching.runs.matcher import CORES, make_store, matching
from benchmarks.matching.runs.outcome import Outcome, read_outcome
from benchmarks.matching.runs.posting import RowPoster
from benchmarks.matching.runs.row_files import RowFiles
from benchmarks.timing import database
from services.ingest.workers.row_readers import RowReaders
from services.storage.migrate import upgrade
from services.storage.store import Store


@dataclass(frozen=True, slots=True)
class PullcordRun:
    outcome: Outcome
    refused_rows: int
    # From the first body until the last event is handled.
    seconds: float


def run_pullcord(files: RowFiles, truth: Truth, *, postgres: bool = False) -> PullcordRun:
    folder = files.folder / "pullcord"
    folder.mkdir()
    with database(folder, postgres=postgres) as url:
        store = make_store(url)
        upgrade(store.engine)
        poster, seconds = post_and_match(files, store, url)
        outcome = read_outcome(store, truth, poster.councils, poster.provider)
        store.engine.dispose()
    return PullcordRun(outcome, poster.refused, seconds)


def post_and_match(files: RowFiles, store: Store, url: str) -> tuple[RowPoster, float]:
    """Post in this process and match in another, as `pullcord serve` does. Return the seconds until all is handled."""
    with closing(RowReaders(CORES)) as readers:
        poster = RowPoster(store, readers.read)
        with matching(url) as match_the_rest:
            started = perf_counter()
            poster.post_entries(files)
            poster.post_notices(files)
            match_the_rest()
            return poster, perf_counter() - started
