from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.storage.tables import cases, deliveries, outbox
from tests.support.servers.killing import Mailbox, ServedDeployment, prepare

__all__ = ["command_line", "deployment", "mailbox", "nothing_left_to_do"]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    box.start()
    yield box
    box.stop()


@pytest.fixture
def deployment(tmp_path: Path, mailbox: Mailbox) -> Iterator[ServedDeployment]:
    made = prepare(tmp_path, mailbox.port)
    try:
        made.start()
        yield made
    finally:
        made.kill()
        made.store.engine.dispose()


def command_line(deployment: ServedDeployment, *typed: str) -> subprocess.CompletedProcess[str]:
    # A second process beside `serve`, as an operator would run it.
    # The width is large enough that no table wraps.
    environment = {**os.environ, "PULLCORD_DATA_DIR": str(deployment.folder), "COLUMNS": "240"}
    command = [str(Path(sys.executable).with_name("pullcord")), *typed]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def nothing_left_to_do(deployment: ServedDeployment) -> bool:
    left = (
        select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None)),
        select(func.count()).select_from(deliveries).where(deliveries.c.due_at.is_not(None)),
        select(func.count()).select_from(cases).where(cases.c.last_alert_at.is_(None)),
    )
    with deployment.store.reading() as connection:
        return not any(connection.scalar(query) for query in left)
