"""Runs the demonstration with several processes, Apache Kafka and PostgreSQL.

    python -m scripts.demo_distributed [--once]

The servers run until Ctrl-C. With `--once`, the servers stop after the demonstration.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import SubprocessError
from tempfile import mkdtemp
from threading import Event
from typing import Never

from rich.console import Console

from scripts.distributed_demo.deployment import start_demo
from scripts.distributed_demo.processes import end_what_is_left
from scripts.distributed_demo.story import begin, show_where_to_look, tell
from scripts.servers.kafka import MissingToolError
from services.core.clock import SystemClock, london_day
from services.core.errors import PullcordError
from services.runtime.demo.narrator import Narrator
from services.runtime.logs import configure

SIGNALS = (signal.SIGINT, signal.SIGTERM)
QUIET_LOGS = "ERROR"
FAULTS = (PullcordError, SubprocessError, OSError, RuntimeError)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true", help="end when the story is told")
    options = parser.parse_args()
    configure("demo", level=QUIET_LOGS)
    for sign in SIGNALS:
        signal.signal(sign, _interrupt)
    narrator = Narrator(Console(width=min(Console().width, 120)))
    begin(narrator)
    try:
        with _folder() as folder:
            _play(folder, narrator, stay=not options.once)
    except KeyboardInterrupt:
        narrator.say("\nStopped.")
    except MissingToolError as error:
        sys.exit(f"{error}\n`make java` puts Java and Maven in place.")


def _play(folder: Path, narrator: Narrator, *, stay: bool) -> None:
    with start_demo(folder, narrator, london_day(SystemClock().now())) as (demo, crew):
        tell(demo, crew, narrator)
        if stay:
            show_where_to_look(demo, crew, narrator)
            Event().wait()


@contextmanager
def _folder() -> Iterator[Path]:
    # A failed run keeps its folder, because the logs in the folder explain the failure.
    folder = Path(mkdtemp(prefix="pullcord-demo-"))
    try:
        yield folder
    except (KeyboardInterrupt, MissingToolError):
        _remove(folder)
        raise
    except FAULTS as error:
        sys.exit(f"The demonstration cannot go on: {error}\nIts logs and data are in {folder}.")
    else:
        _remove(folder)


def _remove(folder: Path) -> None:
    end_what_is_left(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _interrupt(*_: object) -> Never:
    # A second Ctrl-C would interrupt the stopping of the servers and leave them running.
    for sign in SIGNALS:
        signal.signal(sign, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
