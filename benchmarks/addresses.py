"""Measures the time to parse and to compare invented addresses.

Run `python -m benchmarks.addresses [COUNT]`.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from scripts.samples.homes import SECTORS, Home, Town, uprns
from scripts.samples.writing import ADDRESSES, address, address_style
from services.core.addresses.address import AddressParts, parse_address
from services.matcher.addresses import compare

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


def streets(source: random.Random) -> list[list[Home]]:
    numbers = uprns(99_990_000_000)
    towns = [Town(name, numbers, source) for name in SECTORS]
    return [[home for building in street.buildings for home in building] for town in towns for street in town.streets]


def drawn(count: int, source: random.Random, fits: Callable[[Home], bool]) -> list[tuple[Home, Home]]:
    there = [(home, street) for street in streets(source) for home in street if fits(home)]
    chosen = source.choices(there, k=count)
    return [(home, home if source.random() < 0.5 else source.choice(street)) for home, street in chosen]


def timed(ask: Callable[[Asked], Answer], asked: Sequence[Asked]) -> tuple[float, list[Answer]]:
    # Takes the best of five runs, because other work on the machine can only make a run slower.
    best = float("inf")
    answers: list[Answer] = []
    for _ in range(5):
        start = time.perf_counter()
        answers = [ask(one) for one in asked]
        best = min(best, time.perf_counter() - start)
    return best / len(asked) * 1e6, answers


def read(asked: tuple[list[str], str]) -> AddressParts:
    return parse_address(*asked)


def report(style: str, pairs: list[tuple[Home, Home]], write: Callable[[Home], list[str]]) -> None:
    parsing, written = timed(read, [(write(home), home.town) for home, _ in pairs])
    delivered = [parse_address(other.lines, other.town) for _, other in pairs]
    comparing, _ = timed(lambda pair: compare(*pair), list(zip(written, delivered, strict=True)))
    print(f"{style:<20}{parsing:>8.2f}{comparing:>10.2f}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    source = random.Random(2027)
    print(f"{count} addresses in each style; microseconds each")
    print(f"{'style':<20}{'parse':>8}{'compare':>10}")
    for style, (fits, write) in ADDRESSES.items():
        report(style, drawn(count, source, fits), write)
    mix = drawn(count, source, lambda _: True)
    report("the mix", mix, lambda home: address(home, address_style(home, source)))


if __name__ == "__main__":
    main()
