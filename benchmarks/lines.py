"""Measures how many records Pullcord ingests and matches per second.

python -m benchmarks.lines [--entries 100000] [--notices 200000] [--growth]
"""
# The floor writes the same rows in transactions of the same size. It decides nothing.

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table as RichTable
from sqlalchemy import Engine, Table, func, select

from benchmarks.world import County
from services.alerts.case.consumer import CaseConsumer
from services.alerts.states.rules import load_ruleset
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.matcher.consumer import Matcher
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.gauges.collector import calm
from services.storage import tables
from services.storage.bulk import bulk_insert
from services.storage.database.engine import make_engine
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.store import Store
from services.storage.vault import Vault
from services.web.bodies import JSON, read_json_rows

WRITTEN: tuple[Table, ...] = (
    tables.register_entries,
    tables.entry_tokens,
    tables.notices,
    tables.notice_tokens,
    tables.matches,
    tables.cases,
    tables.outbox,
    tables.audit,
)
FLOOR_BATCH = 10_000


def run(county: County, folder: Path) -> dict[str, float]:
    """Return the seconds of each phase, the numbers of matches and cases, and the peak memory in MiB."""
    engine = make_engine(f"sqlite:///{folder / 'run.db'}")
    upgrade(engine)
    store = _store(engine)
    council = add_feed(store, "council", "E06000009", "Ambridge")
    provider = add_feed(store, "provider", "RAVN", "Raven Telecom")
    dispatcher = _dispatcher(store)
    entries, notices = list(county.entry_bodies()), list(county.notice_bodies())
    figures = {
        "ingest entries": _timed(lambda: _post(store, council, RecordKind.ENTRY, "entries", entries)),
        "match entries": _timed(lambda: _drain(dispatcher)),
        "ingest notices": _timed(lambda: _post(store, provider, RecordKind.NOTICE, "notices", notices)),
        "match notices": _timed(lambda: _drain(dispatcher)),
    }
    with store.reading() as connection:
        figures["matches"] = connection.scalar(select(func.count()).select_from(tables.matches)) or 0
        figures["cases"] = connection.scalar(select(func.count()).select_from(tables.cases)) or 0
    figures["two at once"] = _two_at_once(entries, notices, folder)
    figures["floor"] = _floor(engine, folder)
    figures["peak MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _post(store: Store, feed: str, kind: RecordKind, member: str, bodies: list[bytes]) -> None:
    for number, body in enumerate(bodies):
        rows = raw_rows(read_json_rows(body, JSON, member, 10_000))
        accept(store, Origin(feed, kind, "bench", number.to_bytes(32, "big")), rows)


def _drain(dispatcher: EventDispatcher) -> None:
    while dispatcher.run_once():
        pass


def _two_at_once(entries: list[bytes], notices: list[bytes], folder: Path) -> float:
    # Each process matches all events in the outbox, not only those of its own requests.
    engine = make_engine(f"sqlite:///{folder / 'two.db'}")
    upgrade(engine)
    store = _store(engine)
    feeds = add_feed(store, "council", "E06000009", "Ambridge"), add_feed(store, "provider", "RAVN", "Raven Telecom")
    engine.dispose()
    processes = get_context("spawn")
    # The barrier waits for both halves and this process, so that the clock starts when both halves are ready.
    start = processes.Barrier(3)
    halves = [
        processes.Process(target=_half, args=(folder, feeds, entries[n::2], notices[n::2], start)) for n in (0, 1)
    ]
    for half in halves:
        half.start()
    start.wait()
    return _timed(lambda: _join_all(halves))


def _join_all(halves: Sequence[BaseProcess]) -> None:
    for half in halves:
        half.join()


def _half(folder: Path, feeds: tuple[str, str], entries: list[bytes], notices: list[bytes], start: Barrier) -> None:
    calm()
    store = _store(make_engine(f"sqlite:///{folder / 'two.db'}"))
    dispatcher = _dispatcher(store)
    start.wait()
    for feed, kind, member, bodies in (
        (feeds[0], RecordKind.ENTRY, "entries", entries),
        (feeds[1], RecordKind.NOTICE, "notices", notices),
    ):
        _post(store, feed, kind, member, bodies)
        _drain(dispatcher)


def _store(engine: Engine) -> Store:
    return Store(engine, Vault({"k": b"k" * 32}, "k"), Tokeniser(b"t" * 32))


def _dispatcher(store: Store) -> EventDispatcher:
    return EventDispatcher(store, (Matcher(), CaseConsumer(load_ruleset("pstn-2026"))))


def _floor(source: Engine, folder: Path) -> float:
    engine = make_engine(f"sqlite:///{folder / 'floor.db'}")
    upgrade(engine)
    # The target of a foreign key is written before its row, as Pullcord does.
    seconds = 0.0
    for table in (tables.feeds, *WRITTEN):
        with source.connect() as connection:
            # The rows are read before the clock starts, because the floor measures only writing.
            rows = [tuple(row) for row in connection.execute(select(table))]
        names = [column.name for column in table.columns]
        started = perf_counter()
        for start in range(0, len(rows), FLOOR_BATCH):
            with engine.begin() as connection:
                bulk_insert(connection, table, names, rows[start : start + FLOOR_BATCH])
        seconds += perf_counter() - started
    engine.dispose()
    return seconds


def _print(county: County, figures: dict[str, float], console: Console) -> None:
    phases = ("ingest entries", "match entries", "ingest notices", "match notices")
    total = sum(figures[phase] for phase in phases)
    table = RichTable(title=f"{county.entries:,} entries, {county.notices:,} notices", title_justify="left")
    for column in ("What", "Seconds", "Lines a second", "Of the floor"):
        table.add_column(column, justify="left" if column == "What" else "right")
    floor = county.lines / figures["floor"]
    for phase in phases:
        lines = county.entries if phase.endswith("entries") else county.notices
        table.add_row(phase, f"{figures[phase]:.2f}", f"{lines / figures[phase]:,.0f}", "")
    table.add_row("all, committed", f"{total:.2f}", f"{county.lines / total:,.0f}", f"{figures['floor'] / total:.2f}")
    alone = figures["ingest entries"] + figures["ingest notices"]
    table.add_row(
        "ingest alone, nothing matched",
        f"{alone:.2f}",
        f"{county.lines / alone:,.0f}",
        f"{figures['floor'] / alone:.2f}",
    )
    two = figures["two at once"]
    table.add_row("two at once, committed", f"{two:.2f}", f"{county.lines / two:,.0f}", f"{figures['floor'] / two:.2f}")
    table.add_row("floor: the same rows written", f"{figures['floor']:.2f}", f"{floor:,.0f}", "1.00")
    console.print(table)
    found = f"{figures['matches']:,.0f} matches, {figures['cases']:,.0f} cases"
    console.print(f"{found}; peak memory {figures['peak MiB']:,.0f} MiB\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--notices", type=int, default=200_000)
    parser.add_argument("--growth", action="store_true", help="measure half the size as well")
    options = parser.parse_args()
    if options.growth:
        # Each size runs in a process of its own, so that peak memory and warm caches do not count for the next size.
        for part in (2, 1):
            size = ["--entries", str(options.entries // part), "--notices", str(options.notices // part)]
            subprocess.run([sys.executable, "-m", "benchmarks.lines", *size], check=True)
        return
    calm()
    county = County(options.entries, options.notices)
    with tempfile.TemporaryDirectory() as folder:
        _print(county, run(county, Path(folder)), Console(width=100))


if __name__ == "__main__":
    main()
