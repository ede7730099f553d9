"""One house for a whole table of hostile requests: what one of them leaves behind may not spoil the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from services.storage.tables import quarantine
from tests.support.deployment import House, sqlite_engine
from tests.support.http import Door, open_door


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door that stays open through all tests of a module; at the end everything taken in can still be handled."""
    engine = sqlite_engine(tmp_path_factory.mktemp("house"))
    house = House(engine).with_officers()
    with open_door(house) as opened:
        yield opened
    house.tick(seconds=31)
    with house.store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(quarantine)) == 0
    engine.dispose()
