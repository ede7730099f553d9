"""What the tests of monitoring share."""

from __future__ import annotations

import pytest

import services.runtime.kafka.relay_supervisor  # noqa: F401 - its metrics are watched with the others
from tests.support.deployment import House
from tests.support.http import ENTRIES, ENTRY, door, open_door

__all__ = ["busy", "door"]


@pytest.fixture
def busy(house: House) -> str:
    """What /metrics answers on a busy day."""
    with open_door(house) as door:
        door.ask("blackpool", "PUT", ENTRIES, json=ENTRY)
        _, alert, _ = door.alerted_case()
        door.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json={"by": "Asha Patel"})
        door.ask(None, "GET", "/nowhere")
        return door.ask(None, "GET", "/metrics").text
