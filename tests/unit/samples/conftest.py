from __future__ import annotations

import pytest

from scripts.make_samples import samples
from scripts.samples.world import World, world
from tests.unit.samples.sample_rows import (
    SEED,
    Entries,
    Notices,
    taken_in,
)


@pytest.fixture(scope="package")
def made() -> World:
    return world(SEED)


@pytest.fixture(scope="package")
def files() -> dict[str, bytes]:
    return samples(SEED)


@pytest.fixture(scope="package")
def entries(files: dict[str, bytes]) -> Entries:
    return [one for name in files if name.startswith("register") for one in taken_in(name, files[name])]


@pytest.fixture(scope="package")
def notices(files: dict[str, bytes]) -> Notices:
    return [one for name in files if name.startswith("notices") for one in taken_in(name, files[name])]
