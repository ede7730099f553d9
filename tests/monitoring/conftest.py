from __future__ import annotations

import pytest

import services.runtime.kafka.relay_supervisor
import services.watchdog.metrics  # noqa: F401 - their metrics are watched with the others
from tests.support.deployment import Deployment
from tests.support.http import ENTRIES, ENTRY, api, open_api

__all__ = ["api", "busy"]


@pytest.fixture
def busy(deployment: Deployment) -> str:
    with open_api(deployment) as api:
        api.ask("blackpool", "PUT", ENTRIES, json=ENTRY)
        _, alert, _ = api.alerted_case()
        api.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json={"by": "Asha Patel"})
        api.ask(None, "GET", "/nowhere")
        return api.ask("operator", "GET", "/metrics").text
