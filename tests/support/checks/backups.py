from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.runtime.maintenance.backups import back_up, restore
from tests.support.deployment import Deployment

__all__ = ["ENTRIES", "NOTICES", "copy", "put_back", "rows_in", "told"]

ENTRIES = [{"entry_id": f"e{n}", "cli": f"01632 96010{n}", "updated_at": "2026-11-01T09:00:00Z"} for n in range(4)]
NOTICES = [
    {
        "id": f"n{n}",
        "cli": f"01632 96010{n}",
        "planned_migration_date": "2026-12-03",
        "issued_at": "2026-11-20T09:00:00Z",
    }
    for n in range(4)
]


@pytest.fixture
def told(deployment: Deployment) -> Deployment:
    deployment.put_entries(*ENTRIES[:3])
    deployment.post_notices(*NOTICES[:3])
    deployment.tick(seconds=31)
    assert len(deployment.mails()) == 1
    return deployment


@pytest.fixture
def copy(told: Deployment, tmp_path: Path) -> Path:
    made = tmp_path / "backup.db"
    back_up(told.store, made)
    return made


def put_back(deployment: Deployment, copy: Path) -> None:
    # A restore replaces the file, so no connection to the old file may be open.
    deployment.store.engine.dispose()
    restore(deployment.store, copy, replacing=True)
    deployment.mails().clear()


def rows_in(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)
