"""Measures the time and memory that the watchdog needs to check a million open cases on PostgreSQL.

python -m benchmarks.watchdog [--cases 1000000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from time import perf_counter
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text

from benchmarks.watchdog_faults import missed, plant
from scripts.servers.postgres import Postgres
from services.core.clock import to_micros
from services.storage.database.engine import make_engine, reading
from services.storage.migrate import upgrade
from services.watchdog.findings import FaultKind
from services.watchdog.look import look
from services.watchdog.rules import CaseRecord
from services.watchdog.store.cases import IN_MEMORY, case_spans

# A Wednesday morning.
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
STOPPED = timedelta(days=7)
COUNCILS = 150
MINUTE, DAY = 60_000_000, 86_400_000_000

FILL = Template((Path(__file__).parent / "watchdog_fill.sql").read_text())


def fill(engine: Engine, count: int) -> None:
    values = {
        "cases": count,
        "councils": COUNCILS,
        "now": f"{to_micros(NOW)}::bigint",
        "today": f"DATE '{NOW.date()}'",
        "old": f"{to_micros(NOW) - 40 * DAY}::bigint",
        "day": f"{DAY}::bigint",
        "minute": f"{MINUTE}::bigint",
        "sealed": f"'\\x{'73' * 200}'::bytea",
    }
    with engine.begin() as connection:
        # Foreign keys and the triggers of the audit would triple the time.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in filter(None, map(str.strip, FILL.substitute(values).split(";"))):
            # The driver reads a lone % as the place of a parameter.
            connection.exec_driver_sql(statement.replace("%", "%%"))
    # As the autovacuum of a server does after a while.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))


def measured(url: str, what: str) -> dict[str, Any]:
    engine = make_engine(url)
    began = perf_counter()
    if what == "floor":
        found = Counter[FaultKind]()
        for span in case_spans(engine):
            with reading(engine).begin() as connection:
                query = (
                    f"SELECT {', '.join(CaseRecord._fields)} FROM cases WHERE pk BETWEEN {span.first} AND {span.last}"
                )
                for _ in connection.exec_driver_sql(query).partitions(IN_MEMORY):
                    pass
    else:
        found = look(engine, NOW + (STOPPED if what == "stopped" else timedelta())).by_kind()
    seconds, used = perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": seconds,
        "processor": used.ru_utime + used.ru_stime,
        "mebibytes": used.ru_maxrss / 1024,
        "found": found,
    }


@dataclass
class Measures:
    url: str
    postmaster: psutil.Process
    table: Table

    def add(self, title: str, what: str) -> Counter[FaultKind]:
        command, before = [sys.executable, "-m", "benchmarks.watchdog", "--only", what, "--url", self.url], self._used()
        said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        database, found = self._used() - before, Counter({FaultKind(kind): n for kind, n in said["found"].items()})
        times = (said["seconds"], said["processor"], database, said["processor"] + database)
        load = f"{os.getloadavg()[0]:.1f}"
        self.table.add_row(
            title, *(f"{one:.1f}" for one in times), f"{said['mebibytes']:,.0f}", f"{found.total():,}", load
        )
        return found

    def _used(self) -> float:
        # The workers of a query have ended by now. The postmaster has their times.
        own = self.postmaster.cpu_times()
        return own.user + own.system + own.children_user + own.children_system + sum(self._of_children())

    def _of_children(self) -> Iterator[float]:
        for child in self.postmaster.children():
            used = child.cpu_times()
            yield used.user + used.system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measured(options.url, options.only)))
        return
    columns = ("seconds", "processor: watchdog", "PostgreSQL", "both", "peak MiB", "found", "load")
    table = Table(f"{options.cases:,} open cases", *columns)
    with tempfile.TemporaryDirectory(prefix="pullcord-pg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder)).start()
        try:
            engine = make_engine(server.url)
            upgrade(engine)
            fill(engine, options.cases)
            measures = Measures(server.url, server.postmaster, table)
            measures.add("floor: every case read, none judged", "floor")
            measures.add("a look, nothing wrong", "look")
            # The pages of the database are in memory by now.
            measures.add("the next look", "look")
            planted = plant(engine)
            not_found = missed(planted, measures.add("a look, faults planted", "look"))
            measures.add("a look, the engine stopped for a week", "stopped")
            engine.dispose()
        finally:
            server.stop()
    Console(width=140).print(table)
    print(f"faults of {len(planted)} kinds were planted; not found: {', '.join(not_found) or 'none'}")


if __name__ == "__main__":
    main()
