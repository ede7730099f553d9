from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx import Response
from pydantic import SecretStr

from services.alerts.delivery.channels.notify.notify_channel import NotifyChannel
from services.alerts.delivery.channels.notify.notify_receipts import NotifyReceipts
from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.delivery.receipts.noting import note_receipt
from services.alerts.delivery.receipts.polling import ReceiptDesk
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.tables import audit, deliveries
from tests.scenarios.escalation.receipts import states, told
from tests.support.deployment import PATIENCE, Deployment
from tests.support.http import Api, make_api_parts, open_api, problem_of
from tests.support.ledger import rows
from tests.support.logged import everything_logged
from tests.support.one_line import ENTRY, notice
from tests.support.servers.over_http.local_server import running
from tests.support.servers.over_http.notify_server import KEY, TEMPLATE, NotifyServer, callback_of, moment_of

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

TOKEN = "a-token-of-the-callback"
PATH = "/v1/receipts/notify"
NUMBER = "07700900123"
ROUTE = f"govuknotify://{KEY.replace(' ', '%20')}/{TEMPLATE}/"


@pytest.fixture
def notify() -> Iterator[NotifyServer]:
    with running(NotifyServer()) as server:
        yield server
        assert server.complaints == []


@pytest.fixture
def council(deployment: Deployment, notify: NotifyServer) -> Deployment:
    tiers = (_tier("officer", NUMBER, 56), _tier("manager", "manager@council.example", 7))
    deployment.with_officers(CouncilPolicy(tiers=tiers))
    store, presentation = deployment.store, deployment.dispatcher.presentation
    desk = ReceiptDesk(NotifyReceipts(5, notify.url).look_up, patience=PATIENCE)
    pool = DeliveryPool(NotifyChannel(5, notify.url))
    deployment.dispatcher = Dispatcher(store, pool, presentation, patience=PATIENCE, receipts=desk)
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=20))
    deployment.tick(seconds=31)
    assert states(deployment) == {"officer": ("sent", "awaited")}
    return deployment


@pytest.fixture
def called_back(council: Deployment) -> Iterator[Api]:
    parts = make_api_parts(council)
    settings = parts.settings.model_copy(update={"notify_callback_token": SecretStr(TOKEN)})
    with open_api(council, parts=replace(parts, settings=settings)) as opened:
        yield opened


def _tier(who: str, to: str, from_days: int) -> Tier:
    contact = Contact(person=who, channel="route", address=ROUTE + to)
    return Tier(label=f"{who}s", from_days=from_days, contacts=(contact,))


def call_back(api: Api, body: dict[str, Any], token: str | None = TOKEN) -> Response:
    return api.ask(None, "POST", PATH, json=body, headers={"Authorization": f"Bearer {token}"} if token else {})


class TestCallback:
    def test_a_message_that_arrived_asks_nobody_else(self, called_back: Api, notify: NotifyServer) -> None:
        assert call_back(called_back, callback_of(notify.accepted[0], "delivered")).status_code == 204
        called_back.deployment.tick(minutes=90)
        assert states(called_back.deployment) == {"officer": ("sent", "delivered")}
        # What is known is not asked for.
        assert notify.searches == 1

    @pytest.mark.parametrize("status", ["permanent-failure", "temporary-failure", "technical-failure"])
    def test_a_message_that_failed_asks_the_next(self, called_back: Api, notify: NotifyServer, status: str) -> None:
        assert call_back(called_back, callback_of(notify.accepted[0], status)).status_code == 204
        called_back.deployment.tick(seconds=1)
        assert states(called_back.deployment)["officer"] == ("refused", "failed")
        assert told(called_back.deployment) == ["officer", "manager"]

    @pytest.mark.parametrize("token", [None, "", "another-token-altogether", TOKEN + "x", TOKEN[:-1]])
    def test_only_the_holder_of_the_token_may_send_one(
        self, called_back: Api, notify: NotifyServer, token: str | None
    ) -> None:
        answer = call_back(called_back, callback_of(notify.accepted[0], "permanent-failure"), token)
        assert problem_of(answer)[0] == 401
        assert states(called_back.deployment) == {"officer": ("sent", "awaited")}

    def test_without_a_token_in_the_settings_nobody_may(self, council: Deployment, notify: NotifyServer) -> None:
        with open_api(council) as opened:
            for token in (TOKEN, "None", ""):
                answer = call_back(opened, callback_of(notify.accepted[0], "delivered"), token)
                assert problem_of(answer)[0] == 401

    def test_wrong_tokens_are_limited(self, council: Deployment) -> None:
        parts = make_api_parts(council, failure_rate=3)
        with open_api(council, parts=parts) as opened:
            found = [call_back(opened, {}, "wrong").status_code for _ in range(5)]
        assert found == [401, 401, 401, 429, 429]

    @pytest.mark.parametrize(
        "changed",
        [{"reference": None}, {"reference": "somebody else's"}, {"status": "pending-virus-check"}, {"new_field": {}}],
    )
    def test_what_is_not_about_a_message_of_ours_changes_nothing(
        self, called_back: Api, notify: NotifyServer, changed: dict[str, Any]
    ) -> None:
        body = callback_of(notify.accepted[0], "delivered") | changed
        assert call_back(called_back, body).status_code == 204
        known = "delivered" if "new_field" in changed else "awaited"
        assert states(called_back.deployment) == {"officer": ("sent", known)}

    @pytest.mark.parametrize("field", ["id", "status", "created_at"])
    @pytest.mark.parametrize("value", [None, 7, "", [], "\x00"])
    def test_a_body_that_is_none_is_refused(
        self, called_back: Api, notify: NotifyServer, field: str, value: object
    ) -> None:
        body = callback_of(notify.accepted[0], "delivered") | {field: value}
        answer = call_back(called_back, body)
        assert answer.status_code in {204, 422}
        assert NUMBER not in answer.text

    def test_the_number_of_the_contact_is_neither_logged_nor_stored(
        self, called_back: Api, notify: NotifyServer
    ) -> None:
        with_number = callback_of(notify.accepted[0], "permanent-failure")
        assert with_number["to"].endswith("7700900123")
        with everything_logged() as logged:
            answers = [call_back(called_back, with_number | change) for change in ({}, {"status": 7}, {"id": "x"})]
        assert [answer.status_code for answer in answers] == [204, 422, 422]
        written = [str(row) for table in (audit, deliveries) for row in rows(called_back.deployment, table)]
        said = [answer.text for answer in answers]
        assert not [text for text in (*logged, *written, *said) if "7700900123" in text]


class TestPoll:
    def test_a_receipt_that_does_not_come_is_asked_for_after_a_minute(
        self, council: Deployment, notify: NotifyServer
    ) -> None:
        council.tick(seconds=50)
        assert notify.searches == 1
        notify.status = "delivered"
        council.tick(seconds=10)
        assert states(council) == {"officer": ("sent", "delivered")}

    def test_a_failure_that_the_poll_finds_asks_the_next(self, council: Deployment, notify: NotifyServer) -> None:
        notify.accepted[0] |= {"status": "permanent-failure", "completed_at": moment_of(1)}
        council.tick(seconds=61)
        council.tick(seconds=1)
        assert told(council) == ["officer", "manager"]

    def test_it_is_asked_less_and_less_often_and_in_the_end_no_more(
        self, council: Deployment, notify: NotifyServer
    ) -> None:
        # Only the engine would write more messages.
        send, before = council.dispatcher.run_due, notify.searches
        for minutes in (1, 1, 1, 1, 1, 5):
            council.clock.advance(minutes=minutes)
            send()
        assert 3 <= notify.searches - before <= 5
        for _ in range(30):
            council.clock.advance(hours=6)
            while send():
                pass
        assert rows(council, deliveries)[0].receipt_due_at is None
        assert notify.searches - before <= 40

    def test_while_it_cannot_be_asked_nothing_is_known(self, council: Deployment, notify: NotifyServer) -> None:
        notify.search_faults.extend([lambda handler: handler.refuse(500, "Error"), lambda handler: handler.hang_up()])
        council.tick(seconds=61)
        assert states(council) == {"officer": ("sent", "awaited")}
        notify.status = "delivered"
        council.tick(minutes=5)
        council.tick(minutes=5)
        assert states(council)["officer"] == ("sent", "delivered")

    def test_a_service_that_hangs_delays_no_message(self, council: Deployment, notify: NotifyServer) -> None:
        desk = council.dispatcher.receipts
        assert desk is not None
        desk.patience = 0.0
        notify.search_faults.append(lambda handler: handler.say_nothing())
        council.tick(seconds=61)
        council.with_officers(CouncilPolicy(tiers=(_tier("deputy", "deputy@council.example", 56),)))
        council.post_notices(notice(in_days=1) | {"issued_at": "2026-11-20T09:00:00Z"})
        council.tick(seconds=31)
        assert states(council)["deputy"][0] == "sent"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_by_either_way_the_last_by_the_times_of_notify_counts(
    called_back: Api, notify: NotifyServer, seed: int
) -> None:
    dice, message = random.Random(seed), notify.accepted[0]
    statuses = ("delivered", "permanent-failure", "temporary-failure")
    drawn = [(dice.randint(1, 5), dice.choice(statuses)) for _ in range(6)]
    for minutes, status in dice.sample(drawn * 2, 12):
        if dice.random() < 0.5:
            call_back(called_back, callback_of(message, status, minutes))
        else:
            message |= {"status": status, "completed_at": moment_of(minutes)}
            asked = council_desk(called_back).look_up(ROUTE + NUMBER, message["reference"])
            assert asked is not None
            note_receipt(called_back.deployment.store, message["reference"], asked)
    # Of two receipts of the same moment the failure counts.
    last = max((minutes, status != "delivered") for minutes, status in drawn)
    assert states(called_back.deployment)["officer"] == (("refused", "failed") if last[1] else ("sent", "delivered"))


def council_desk(api: Api) -> ReceiptDesk:
    desk = api.deployment.dispatcher.receipts
    assert desk is not None
    return desk
