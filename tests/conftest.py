from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.support.deployment import Deployment, sqlite_engine
from tests.support.servers.browser import chromium

__all__ = ["chromium"]

pytest_plugins = ["tests.support.folder_times"]

# No example fails because the machine is busy. In CI the examples are fixed, so that a failure can be repeated.
settings.register_profile("pullcord", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("pullcord")


def pytest_collection_finish() -> None:
    # What was imported and collected stays. To look for garbage in it took a tenth of the time of each test.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def _logs_as_they_come() -> Iterator[None]:
    # A command in a test sets logging to the current stderr, which is closed after the test.
    yield
    structlog.reset_defaults()


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """Yield a deployment on SQLite, in which the council Blackpool has one duty desk."""
    engine = sqlite_engine(tmp_path)
    yield Deployment(engine).with_officers()
    engine.dispose()
