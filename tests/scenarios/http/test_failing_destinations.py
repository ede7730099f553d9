"""Destinations that keep failing are counted in the metrics and under `warnings` of `/readyz`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.alerts.delivery.channels.pool import DeliveryPool, SendJob
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.destinations.destination import OPENS_AFTER
from services.alerts.message.message import Message
from services.runtime.embedded.runner import EmbeddedRunner
from tests.scenarios.http.test_http_health import value, wait_for
from tests.support.deployment import Deployment
from tests.support.http import make_api_parts, open_api


class Refusing:
    """A channel that no service answers."""

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        return SendResult(SendOutcome.FAILED_TEMPORARY, "connection_refused")


@pytest.mark.parametrize(("count", "said"), [(1, "1 destination keeps failing"), (2, "2 destinations keep failing")])
def test_destinations_that_keep_failing_are_counted_and_not_named(
    deployment: Deployment, count: int, said: str
) -> None:
    pool = DeliveryPool(Refusing())
    parts = replace(make_api_parts(deployment), pool=pool)
    with open_api(deployment, EmbeddedRunner(parts), parts) as api:
        for number in range(count * OPENS_AFTER):
            destination = f"{number % count}.example:25"
            pool.begin(SendJob(number, destination, "", Message("", "", ""), "A-1"), lambda *_: None)
        wait_for(lambda: pool.under_way == 0)
        answer = api.ask(None, "GET", "/readyz")
        assert (answer.status_code, answer.json()["warnings"]) == (200, [said])
        assert value(api, "pullcord_destinations_open") == count
