from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.storage.database.engine import make_engine
from services.storage.store import Store
from tests.support.clock import FrozenClock
from tests.support.deployment import make_store, sqlite_engine


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def store(tmp_path: Path, clock: FrozenClock) -> Iterator[Store]:
    engine = sqlite_engine(tmp_path)
    yield make_store(engine, clock)
    engine.dispose()
