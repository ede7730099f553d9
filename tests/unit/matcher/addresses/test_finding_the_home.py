from __future__ import annotations

from pathlib import Path

import pytest

from services.core.addresses.address import AddressParts, parse_address
from services.matcher.addresses import Agreement, Level, compare

RANKS = (Level.CLASH, Level.UNKNOWN, Level.NEAR, Level.SAME)
CASES = [
    line for line in (Path(__file__).parent / "homes.txt").read_text().splitlines() if line and not line.startswith("#")
]


def read(text: str) -> AddressParts:
    return parse_address([text.strip()])


def rank(agreement: Agreement) -> tuple[int, int]:
    # Of two addresses with one level, the one with more parts that agree comes first.
    counts = {"agree": 1, "alike": 0}
    return RANKS.index(agreement.level), sum(counts.get(reason.rpartition("_")[2], -1) for reason in agreement.reasons)


@pytest.mark.parametrize("case", CASES)
def test_the_home_comes_before_all_other_homes_and_no_other_home_is_the_same(case: str) -> None:
    written, _, homes = case.partition(">")
    home, *others = (compare(read(written), read(one)) for one in homes.split("|"))

    assert all(rank(home) > rank(other) for other in others)
    assert Level.SAME not in {other.level for other in others}
