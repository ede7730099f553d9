"""What tests of every kind share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import House, sqlite_engine


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A Pullcord on a fresh SQLite database, with a duty desk at Blackpool."""
    engine = sqlite_engine(tmp_path)
    yield House(engine).with_officers()
    engine.dispose()
