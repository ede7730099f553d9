"""Measures how well notices are matched with register entries, on invented rows with errors.

    python -m benchmarks.matching [--seed 31] [--rows 20000] [--peers] [--postgres]

The results are shares, such as the share of true pairs that were found. Each share has a 95% confidence interval.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks.matching.report import tables
from benchmarks.matching.runs.peers import PeersMissingError, require_peers, run_peers
from benchmarks.matching.runs.pullcord import run_pullcord
from benchmarks.matching.runs.row_files import RowFiles
from benchmarks.matching.world.rows import make_rows
from services.runtime.gauges.collector import calm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--rows", type=int, default=20_000, help="of the register, and as many notices")
    parser.add_argument("--peers", action="store_true", help="run Splink and uk_address_matcher on the same rows")
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    if asked.peers:
        try:
            require_peers()
        except PeersMissingError as error:
            parser.error(str(error))
    # As in the service.
    calm()
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        files = RowFiles(Path(folder))
        truth = files.write(make_rows(asked.seed, asked.rows))
        run = run_pullcord(files, truth, postgres=asked.postgres)
        peers = list(run_peers(files, truth)) if asked.peers else []
    console.print(f"seed {asked.seed}")
    for table in tables(run, peers):
        console.print(table)


if __name__ == "__main__":
    main()
