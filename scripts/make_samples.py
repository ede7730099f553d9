"""Writes the sample registers and notices.

Run `python -m scripts.make_samples` in the top folder of the repository.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Final

from scripts.samples.files import sample_files
from scripts.samples.world import world
from services.runtime.demo.samples import BASE_DAY, rebased

SEED: Final = 2027


def samples(seed: int = SEED, today: date = BASE_DAY) -> dict[str, bytes]:
    days = (today - BASE_DAY).days
    files = sample_files(world(seed))
    # The samples are made for the base day and then moved, so that another day changes only dates.
    return {name: rebased(data, days) for name, data in files.items()} if days else files


def main() -> None:
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    for name, data in samples(arguments.seed, arguments.today).items():
        (out / name).write_bytes(data)
        print(f"{out / name}: {len(data):,} bytes")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes the sample registers and notices.")
    parser.add_argument("--seed", type=int, default=SEED, help="the committed samples are those of %(default)s")
    parser.add_argument(
        "--today", type=date.fromisoformat, default=BASE_DAY, help="the day they are made for, as YYYY-MM-DD"
    )
    parser.add_argument("--out", type=Path, default=Path("samples"), help="the directory they are written to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
