from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest

from services.alerts.delivery.channels.pool import DeliveryPool, SendJob
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.destinations.destination import OPENS_AFTER
from services.alerts.message.message import Message
from services.runtime.embedded.runner import EmbeddedRunner
from tests.scenarios.http.metrics import value, wait_for
from tests.support.deployment import Deployment
from tests.support.http import make_api_parts, open_api


class Hanging:
    def __init__(self) -> None:
        self.release = Event()

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        self.release.wait(20)
        return ACCEPTED


@pytest.mark.parametrize(("hang", "said"), [(1, "1 send has passed"), (3, "3 sends have passed")])
def test_sends_that_hang_are_said_and_take_nobody_out_of_service(deployment: Deployment, hang: int, said: str) -> None:
    channel, rings = Hanging(), list[Callable[[], None]]()

    def alarm(_: object, ring: Callable[[], None]) -> Callable[[], None]:
        rings.append(ring)
        return lambda: None

    pool = DeliveryPool(channel, alarm=alarm)
    parts = replace(make_api_parts(deployment), pool=pool)
    with open_api(deployment, EmbeddedRunner(parts), parts) as api:
        for number in range(hang):
            pool.begin(SendJob(number, f"{number}.example:25", "", Message("", "", ""), "A-1"), lambda *_: None)
            rings[number]()
        answer = api.ask(None, "GET", "/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert [one.startswith(said) for one in answer.json()["warnings"]] == [True]
        assert value(api, "pullcord_sends_stuck") == hang
        channel.release.set()
        wait_for(lambda: pool.under_way == 0)
        assert api.ask(None, "GET", "/readyz").json() == {"status": "ok", "faults": []}
        assert value(api, "pullcord_sends_stuck") == 0


class Refusing:
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


def test_a_process_that_can_send_nothing_to_anybody_is_not_ready(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.alerts.delivery.channels.pool.MOST_UNDER_WAY", 1)
    channel = Hanging()
    pool = DeliveryPool(channel)
    parts = replace(make_api_parts(deployment), pool=pool)
    with open_api(deployment, EmbeddedRunner(parts), parts) as api:
        pool.begin(SendJob(1, "mail.example:25", "", Message("", "", ""), "A-1"), lambda *_: None)
        answer = api.ask(None, "GET", "/readyz")
        assert (answer.status_code, answer.json()["faults"]) == (
            503,
            ["no message can be sent: every send under way hangs"],
        )
        channel.release.set()
