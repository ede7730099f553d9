"""Simulates months with many faults. Run `python -m tests.simulation --months 40 --seed 7 [--resume FILE]`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from tests.simulation.many import Totals, new_seed, seeds, simulated
from tests.simulation.run import Month, month, shortened
from tests.simulation.surroundings.plan import draw


def main() -> int:
    asked = _arguments()
    if asked.month is not None:
        return _show(month(asked.month), shorten=asked.shorten)
    if asked.resume is None:
        totals = Totals(new_seed() if asked.seed is None else asked.seed)
    else:
        try:
            totals = Totals.resumed(asked.resume, asked.seed)
        except ValueError as error:
            sys.exit(str(error))
    print(f"seed {totals.seed}, months {totals.months} to {asked.months}", flush=True)
    for one, found in simulated(seeds(totals.seed, asked.months)[totals.months :], asked.processes):
        totals.add(one, found)
        if asked.resume is not None:
            totals.save(asked.resume)
        for broken in found["broken"]:
            print(f"month {one}: {broken}", flush=True)
    print(totals)
    for one in list(totals.broken)[:1]:
        _show(month(one), shorten=True)
    for name, count in totals.too_rare.items():
        print(f"too rare: {name}, {count} times")
    return 0 if totals.fine else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Simulate months of the real code on virtual time.")
    parser.add_argument("--months", type=int, default=40)
    parser.add_argument("--seed", type=int, help="a run of this seed has the same months; by default a new seed")
    parser.add_argument("--resume", type=Path, help="keep the totals in this file, and go on where it stopped")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--month", type=int, help="replay the month of this seed and print its history")
    parser.add_argument("--shorten", action="store_true", help="with --month: drop acts that are not needed")
    return parser.parse_args()


def _show(found: Month, *, shorten: bool) -> int:
    if shorten and found.broken:
        found = shortened(found)
        print(f"month {found.plan.seed}, shortened from {len(draw(found.plan.seed).acts)} acts:")
        for act in found.plan.acts:
            print(f"  {act}")
    for one in found.record:
        print(one)
    for broken in found.broken:
        print(f"broken: {broken}")
    return 1 if found.broken else 0


if __name__ == "__main__":
    # The service logs what faults do to it; here they are meant.
    logging.disable(logging.CRITICAL)
    sys.exit(main())
