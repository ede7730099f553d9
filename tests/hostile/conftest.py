from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from services.storage.tables import quarantine
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.http import Api, open_api


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    # At the end, everything that the API accepted must be handled.
    engine = sqlite_engine(tmp_path_factory.mktemp("house"))
    deployment = Deployment(engine).with_officers()
    with open_api(deployment) as opened:
        yield opened
    deployment.tick(seconds=31)
    with deployment.store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(quarantine)) == 0
    engine.dispose()
