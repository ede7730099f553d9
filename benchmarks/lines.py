"""Measures how many records Pullcord ingests and matches per second.

python -m benchmarks.lines [--rows 50000] [--seed 31] [--growth]
"""
# The rows are those of `benchmarks.matching`. The floor writes what the run left behind into the same tables, in
# transactions of the same size. It decides nothing.

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table as RichTable
from sqlalchemy import Engine, Table, func, select

from benchmarks.matching.figures.tally import Truth
from benchmarks.matching.runs.matcher import make_store
from benchmarks.matching.runs.posting import RowPoster
from benchmarks.matching.runs.pullcord import post_and_match
from benchmarks.matching.runs.row_files import RowFiles
from benchmarks.matching.world.addresses import WITHOUT_POSTCODE
from benchmarks.matching.world.rows import make_rows
from services.alerts.states.rules import load_ruleset
from services.runtime.consumers import make_consumers
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.gauges.collector import calm
from services.storage import tables
from services.storage.bulk import bulk_insert
from services.storage.database.engine import make_engine
from services.storage.migrate import upgrade

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
PHASES = ("ingest entries", "match entries", "ingest notices", "match notices")


def run(files: RowFiles) -> dict[str, float]:
    """Return the seconds of each phase, the numbers of matches and cases, and the peak memory in MiB."""
    url = f"sqlite:///{files.folder / 'one.db'}"
    store = make_store(url)
    upgrade(store.engine)
    poster = RowPoster(store)
    dispatcher = EventDispatcher(store, make_consumers(load_ruleset("pstn-2026")))
    work = (
        lambda: poster.post_entries(files),
        lambda: _drain(dispatcher),
        lambda: poster.post_notices(files),
        lambda: _drain(dispatcher),
    )
    figures = {phase: _timed(step) for phase, step in zip(PHASES, work, strict=True)}
    with store.reading() as connection:
        figures["matches"] = connection.scalar(select(func.count()).select_from(tables.matches)) or 0
        figures["cases"] = connection.scalar(select(func.count()).select_from(tables.cases)) or 0
    figures["as served"] = _as_served(files)
    figures["floor"] = _floor(store.engine, files.folder)
    figures["peak MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _drain(dispatcher: EventDispatcher) -> None:
    while dispatcher.run_once():
        pass


def _as_served(files: RowFiles) -> float:
    url = f"sqlite:///{files.folder / 'served.db'}"
    store = make_store(url)
    upgrade(store.engine)
    _, seconds = post_and_match(files, store, url)
    store.engine.dispose()
    return seconds


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


def _print(truth: Truth, figures: dict[str, float], console: Console) -> None:
    entries, notices = len(truth.entries), len(truth.notices)
    lines, total = entries + notices, sum(figures[phase] for phase in PHASES)
    table = RichTable(title=f"{entries:,} entries, {notices:,} notices", title_justify="left")
    for column in ("What", "Seconds", "Lines a second", "Of the floor"):
        table.add_column(column, justify="left" if column == "What" else "right")

    def row(what: str, count: int, seconds: float, *, of_floor: bool = True) -> None:
        share = f"{figures['floor'] / seconds:.2f}" if of_floor else ""
        table.add_row(what, f"{seconds:.2f}", f"{count / seconds:,.0f}", share)

    for phase in PHASES:
        row(phase, entries if phase.endswith("entries") else notices, figures[phase], of_floor=False)
    row("all, in one process", lines, total)
    row("ingest alone, nothing matched", lines, figures["ingest entries"] + figures["ingest notices"])
    row("as served: readers, a process that writes, one that matches", lines, figures["as served"])
    row("floor: the same rows written", lines, figures["floor"])
    console.print(f"Entries by {shares_of(truth)}")
    console.print(table)
    found = f"{figures['matches']:,.0f} matches, {figures['cases']:,.0f} cases"
    console.print(f"{found}; peak memory {figures['peak MiB']:,.0f} MiB\n")


def shares_of(truth: Truth) -> str:
    """Return the shares of the entries with each kind of number, UPRN and address."""
    labels = list(truth.entries.values())
    kinds = {
        "number": Counter(label.number_dirt.value for label in labels),
        "UPRN": Counter(label.uprn_dirt.value for label in labels),
        "address": Counter(label.address_dirt.value for label in labels),
        "postcode": Counter("never written" if label.style in WITHOUT_POSTCODE else "written" for label in labels),
    }
    return "; ".join(
        f"{name}: " + ", ".join(f"{kind} {count / len(labels):.0%}" for kind, count in counts.most_common())
        for name, counts in kinds.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="of the registers, and as many notices")
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--growth", action="store_true", help="measure half the size as well")
    options = parser.parse_args()
    if options.growth:
        # Each size runs in a process of its own, so that peak memory and warm caches do not count for the next size.
        for part in (2, 1):
            size = ["--rows", str(options.rows // part), "--seed", str(options.seed)]
            subprocess.run([sys.executable, "-m", "benchmarks.lines", *size], check=True)
        return
    calm()
    with tempfile.TemporaryDirectory() as folder:
        files = RowFiles(Path(folder))
        truth = files.write(make_rows(options.seed, options.rows))
        _print(truth, run(files), Console(width=110))


if __name__ == "__main__":
    main()
