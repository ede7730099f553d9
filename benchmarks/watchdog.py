"""One look of the watchdog at a million open cases on PostgreSQL: seconds, and the memory of its process.

    python -m benchmarks.watchdog [--cases 1000000] [--url postgresql+psycopg://…]

Without a URL a server is started. The rows are invented by the database itself. The look runs in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from time import perf_counter

from sqlalchemy import Engine, text

from scripts.servers.postgres import Postgres
from services.core.clock import to_micros
from services.storage.database.engine import make_engine
from services.storage.migrate import upgrade
from services.watchdog.look import look

# A Wednesday morning.
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
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


def measure(url: str) -> None:
    engine = make_engine(url)
    began = perf_counter()
    found = look(engine, NOW)
    seconds = perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The processor time shows what the clock would show on a machine with nothing else to do.
    print(
        f"one look: {seconds:.1f} s, of these {used.ru_utime + used.ru_stime:.1f} s processor time of its process; "
        f"peak {used.ru_maxrss / 1024:,.0f} MiB; found {sum(found.by_kind().values()):,}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--url")
    parser.add_argument("--look", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.look:
        measure(options.look)
        return
    with tempfile.TemporaryDirectory(prefix="pullcord-pg-", ignore_cleanup_errors=True) as folder:
        server = None if options.url else Postgres(Path(folder)).start()
        url = options.url or (server.url if server else "")
        try:
            engine = make_engine(url)
            upgrade(engine)
            print(f"{options.cases:,} open cases", flush=True)
            fill(engine, options.cases)
            # The second look finds the pages of the database in memory.
            for _ in range(2):
                subprocess.run([sys.executable, "-m", "benchmarks.watchdog", "--look", url], check=True)
            engine.dispose()
        finally:
            if server:
                server.stop()


if __name__ == "__main__":
    main()
