from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from services.runtime import bootstrap
from services.storage.database.engine import make_engine
from tests.support.clock import FrozenClock
from tests.support.command_line import MAIL_SERVER, Desk
from tests.support.http import api
from tests.support.servers.statements import share_statements

__all__ = ["api"]


@pytest.fixture
def empty_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    clock = FrozenClock()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULLCORD_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setattr("services.runtime.cli.support.open_deployment.SystemClock", lambda: clock)
    monkeypatch.setattr(bootstrap, "make_engine", lambda url: share_statements(make_engine(url)))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Desk(tmp_path, clock)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def desk(empty_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("PULLCORD_MAIL_SERVER", MAIL_SERVER)
    return empty_desk.make_ready()
