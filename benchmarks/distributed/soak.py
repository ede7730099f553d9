"""Measures the memory of each role under a steady load, minute by minute.

    python -m benchmarks.distributed.soak [--minutes 60] [--posts 2]

Memory is the unique set size (USS) in MiB.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import linear_regression
from threading import Event
from time import monotonic

import httpx
import psutil

from benchmarks.distributed.environment.ground import standing
from benchmarks.distributed.environment.processes import Role
from benchmarks.distributed.latency import DAYS_TO_THE_MOVE, LINES, RunningPullcord, distributed, share_register
from benchmarks.distributed.posting import ANSWER_SECONDS

MINUTE = 60.0
MIB = 1024 * 1024
# Dates of the notices. A line gets the next one each time its turn comes.
DATES = 5
WIDTH = 10

Memory = Mapping[str, float]


def post_for_a_minute(client: httpx.Client, numbers: Iterator[int], posts: float) -> int:
    began, count, tick = monotonic(), 0, Event()
    while (left := began + MINUTE - monotonic()) > 0:
        client.post("/v1/migration-notices", json=_notice(next(numbers))).raise_for_status()
        count += 1
        # A late post is not made up for, so the load stays low on a busy machine.
        tick.wait(min(left, max(0.0, began + count / posts - monotonic())))
    return count


def _notice(turn: int) -> dict[str, str]:
    line = turn % LINES
    # Each notice has a new date, so that the notice changes, and with it the match and the case.
    day = datetime.now(UTC).date() + timedelta(days=DAYS_TO_THE_MOVE + turn // LINES % DATES)
    return {"id": f"n{line}", "cli": f"01632 960{line:03d}", "planned_migration_date": str(day)}


def memory(roles: Sequence[Role]) -> Memory:
    return {role.name: psutil.Process(role.process.pid).memory_full_info().uss / MIB for role in roles}


def growth(minutes: Sequence[Memory]) -> Memory:
    late = minutes[len(minutes) // 2 :]
    slopes = {name: linear_regression(range(len(late)), [one[name] for one in late]).slope for name in late[0]}
    return {name: slope * 60 for name, slope in slopes.items()}


def soak(served: RunningPullcord, roles: Sequence[Role], minutes: int, posts: float) -> None:
    share_register(served)
    numbers, seen = iter(range(sys.maxsize)), [memory(roles)]
    print(_line("minute", "posts", *(role.name for role in roles)))
    print(_line("0", "0", *_figures(seen[0])), flush=True)
    headers = {"Authorization": f"Bearer {served.keys.providers[0]}"}
    with httpx.Client(base_url=served.url, headers=headers, timeout=ANSWER_SECONDS) as client:
        for minute in range(1, minutes + 1):
            posted = post_for_a_minute(client, numbers, posts)
            seen.append(memory(roles))
            print(_line(str(minute), str(posted), *_figures(seen[-1])), flush=True)
    # The first minute fills caches and loads modules.
    print(_line("MiB/hour", "", *_figures(growth(seen))))


def _figures(each: Memory) -> list[str]:
    return [f"{one:.1f}" for one in each.values()]


def _line(*cells: str) -> str:
    return "".join(f"{cell:>{WIDTH}}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60, help="the length of the run; at least 4")
    parser.add_argument("--posts", type=float, default=2.0, help="notices a second")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with standing() as ground, distributed(ground) as served:
        soak(served, served.roles, max(4, options.minutes), options.posts)


if __name__ == "__main__":
    main()
