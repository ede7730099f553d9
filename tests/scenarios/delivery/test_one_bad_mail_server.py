from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.alerts.delivery.channels.mail.mail_channel import MailChannel
from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.claiming import shares
from services.alerts.delivery.destinations.destination import FIRST_AT_ONCE
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.message.message import Message
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.runtime.embedded.runner import Loop
from services.storage.tables import deliveries
from tests.support.deployment import Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice
from tests.support.servers import bad_servers as bad
from tests.support.servers.killing import Mailbox, until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

MESSAGE = Message("Act by Thu 3 December: 1 alarm line (Blackpool) [A-1]", "Text\n", "<p>Text</p>\n")
PATIENCE = 20.0
SCRIPTS = {
    "silent": bad.silent,
    "stutters its greeting": bad.stuttered_greeting,
    "greets without end": bad.endless_greeting,
    "stutters its first answer": bad.stuttered_answer,
}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    server = Mailbox()
    server.start()
    yield server
    server.stop()


def route_to(host: str, who: str = "desk", scheme: str = "mailto") -> str:
    return f"{scheme}://{host}?from=alerts@pullcord.example&to={who}@council.example"


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("scheme", ["mailto", "mailtos"])
def test_the_whole_attempt_ends_at_the_deadline_however_the_server_holds_it_up(script: str, scheme: str) -> None:
    with bad.bad_servers(1, SCRIPTS[script]) as (server,):
        result = MailChannel(seconds=0.5, without_tls=True).send(route_to(server.host, scheme=scheme), MESSAGE, "A-1")
        assert until(lambda: server.open == 0, PATIENCE), "the connection is cut off"
    assert result.outcome is SendOutcome.FAILED_TEMPORARY
    if scheme == "mailto":
        assert result.reason == "timed_out"


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_server_sends_before_it_takes_the_mail_the_attempt_fails_for_now(seed: int) -> None:
    with bad.bad_servers(1, bad.drawn(seed)) as (server,):
        result = MailChannel(seconds=0.5, without_tls=True).send(route_to(server.host), MESSAGE, "A-1")
        assert until(lambda: server.open == 0, PATIENCE)
    assert result.outcome is SendOutcome.FAILED_TEMPORARY


@pytest.mark.parametrize("answer", [b"", b"2", b"25", b"250", b"250 ok", b"250 ok\r", b"250-ok\r\n", b"250-a\r\n250"])
def test_an_answer_to_the_whole_mail_that_is_cut_short_is_no_answer(answer: bytes) -> None:
    replies = [b"220 ready\r\n", b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", answer]
    with bad.bad_servers(1, lambda: iter(replies)) as (server,):
        result = MailChannel(seconds=1, without_tls=True).send(route_to(server.host), MESSAGE, "A-1")
    assert result == SendResult(SendOutcome.IN_DOUBT, "timed_out")


def told(deployment: Deployment, routes: dict[str, str]) -> Dispatcher:
    contacts = tuple(Contact(person=label, channel="route", address=route) for label, route in routes.items())
    deployment.with_officers(CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=contacts),)))
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.settle()
    deployment.clock.advance(seconds=31)
    deployment.engine.run_due()
    return Dispatcher(
        deployment.store, DeliveryPool(MailChannel(PATIENCE, without_tls=True)), deployment.dispatcher.presentation
    )


@pytest.mark.parametrize(("count", "script"), [(1, "silent"), (9, "stutters its greeting"), (40, "greets without end")])
def test_however_many_servers_hang_another_destination_gets_its_mail_meanwhile(
    deployment: Deployment, mailbox: Mailbox, count: int, script: str
) -> None:
    with bad.bad_servers(count, SCRIPTS[script]) as servers:
        hanging = {
            f"{who} {number}": route_to(server.host, f"{who}{number}")
            for number, server in enumerate(servers)
            for who in ("desk", "deputy", "head")
        }
        dispatcher = told(deployment, hanging | {"good": route_to(f"127.0.0.1:{mailbox.port}")})
        loop = Loop("deliveries", dispatcher.run_due, 0.05)
        loop.start()
        assert until(lambda: bool(mailbox.taken), PATIENCE / 2)
        assert dispatcher.pool.under_way > 0, "the others hang still"
        assert max(server.most for server in servers) <= FIRST_AT_ONCE
    assert loop.stop(PATIENCE)
    assert dispatcher.close(PATIENCE)
    assert {row.contact for row in rows(deployment, deliveries) if row.state == "sent"} == {"good"}
    assert "sending" not in {row.state for row in rows(deployment, deliveries)}, "what was cut off is on record"


def test_a_process_that_stops_writes_down_what_was_still_being_sent(deployment: Deployment, mailbox: Mailbox) -> None:
    dispatcher = told(deployment, {"good": route_to(f"127.0.0.1:{mailbox.port}")})
    dispatcher.patience = 0.0
    dispatcher.run_due()
    assert dispatcher.close(PATIENCE)
    assert [row.state for row in rows(deployment, deliveries)] == ["sent"]


@pytest.mark.parametrize(
    ("waiting", "places", "given"),
    [
        ({"a": 50, "b": 1}, 8, {"a": 2, "b": 1}),
        ({"a": 50, "b": 50, "c": 50}, 4, {"a": 2, "b": 1, "c": 1}),
        ({"a": 1, "b": 1, "c": 1}, 2, {"a": 1, "b": 1}),
        ({}, 8, {}),
    ],
)
def test_every_destination_gets_its_turn_before_any_gets_its_second(
    waiting: dict[str, int], places: int, given: dict[str, int]
) -> None:
    assert shares(waiting, places, lambda _: 2) == given
