from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.distributed.latency import Delays
from benchmarks.distributed.lines import Run
from benchmarks.distributed.results.journeys import STAGES, middle_stages
from benchmarks.distributed.results.sampling import Profile

WIDTH = 118
PERCENTILES = (50, 99)
MODULES_SHOWN = 12
MICROSECONDS = 1e6


@dataclass(frozen=True)
class Row:
    what: str
    processes: str
    rate: float
    # The steps that were measured.
    includes: str


def print_rates(console: Console, title: str, rows: Sequence[Row], peer: float | None) -> None:
    table = _table(title, ("What", "Processes", "Includes"), ("Lines a second", "Times Faust"))
    for row in rows:
        times = f"{row.rate / peer:.1f}" if peer else ""
        table.add_row(row.what, row.processes, row.includes, f"{row.rate:,.0f}", times)
    console.print(table)


def print_costs(console: Console, runs: Sequence[Run]) -> None:
    roles = list(dict.fromkeys(role for run in runs for role in run.costs))
    table = _table("Processor time, microseconds a line", ("Processes",), (*roles, "all"))
    for run in runs:
        each = [run.costs.get(role, 0.0) / run.lines * MICROSECONDS for role in roles]
        table.add_row(str(run.crew), *(f"{one:.0f}" if one else "" for one in each), f"{sum(each):.0f}")
    console.print(table)


def print_delays(console: Console, made: Sequence[Delays]) -> None:
    percentiles = (f"p{percent}" for percent in PERCENTILES)
    numbers = ("Posts a second", "Posts", *percentiles, "Longest", *(f"p50 {stage}" for stage in STAGES))
    table = _table("From 202 to the first mail, seconds", ("Runner",), numbers)
    for one in made:
        whole = (*(one.percentile(percent) for percent in PERCENTILES), one.longest)
        shown = (*whole, *middle_stages(one.journeys))
        table.add_row(one.runner, str(one.rate), str(len(one.journeys)), *(f"{seconds:.2f}" for seconds in shown))
    console.print(table)


def print_profile(console: Console, profile: Profile) -> None:
    table = _table("Where a role's processor time goes", ("Role", "Module"), ("Share",))
    for role in profile.samples:
        shares = profile.shares(role, MODULES_SHOWN)
        for module, share in shares.items():
            table.add_row(role, module, f"{share:.0%}")
        table.add_row(role, "all others", f"{1 - sum(shares.values()):.0%}")
        table.add_section()
    console.print(table)


def _table(title: str, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in texts:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table
