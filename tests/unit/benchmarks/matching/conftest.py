from __future__ import annotations

import pytest

from benchmarks.matching.world.rows import TownRows, make_rows

SEED, ROWS = 5, 2_400


@pytest.fixture(scope="session")
def towns() -> list[TownRows]:
    return list(make_rows(SEED, ROWS))
