from __future__ import annotations

import sys

import pytest

from tests.simulation.many import new_seed, seeds
from tests.simulation.planted import PLANTED
from tests.simulation.run import simulate
from tests.simulation.surroundings.plan import draw

pytestmark = pytest.mark.timeout(1_800)

MONTHS = 20


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    seed = new_seed()
    for number, month in enumerate(seeds(seed, MONTHS), start=1):
        found = simulate(draw(month), PLANTED[fault])
        # A month that is broken without the fault proves nothing about it.
        if found.broken and not simulate(draw(month)).broken:
            with capsys.disabled():
                sys.stdout.write(f"\n{fault}: found in month {number} of seed {seed}: {found.broken[0]}\n")
            return
    pytest.fail(f"not found in {MONTHS} months of seed {seed}")
