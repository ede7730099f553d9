from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event

from services.storage.database import engine as engine_module
from tests.support.http import NOTICE, NOTICES, Api


def test_a_full_disk_is_not_ready_and_gives_the_reason(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "disk_usage", lambda _folder: SimpleNamespace(free=100))
    answer = api.ask(None, "GET", "/readyz")
    assert (answer.status_code, answer.json()["faults"]) == (503, ["the database takes no changes: its disk is full"])
    monkeypatch.undo()
    assert api.ask(None, "GET", "/readyz").status_code == 200


def test_a_change_that_found_the_disk_full_is_answered_503_and_makes_the_process_not_ready(api: Api) -> None:
    engine = api.deployment.store.engine

    def limit(connection: Any, _record: object, _proxy: object) -> None:
        # The database may not grow by a single page.
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(engine, "checkout", limit)
    statuses = [api.ask("raven", "POST", NOTICES, json=_many(number)).status_code for number in range(40)]
    assert 503 in statuses
    assert api.ask(None, "GET", "/readyz").json()["faults"] == ["the database takes no changes: its disk is full"]
    event.remove(engine, "checkout", limit)
    event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA max_page_count = 4000000"))
    assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202
    assert api.ask(None, "GET", "/readyz").status_code == 200


def _many(number: int) -> list[dict[str, str]]:
    return [{**NOTICE, "id": f"{number}-{row}", "cli": f"01632 960{row:03}"} for row in range(50)]
