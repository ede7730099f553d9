from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from socket import create_server

import pytest
from aiosmtpd.controller import Controller

from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.channels.port import ChannelSettings, SendResult
from services.alerts.delivery.channels.routed_channel import make_routed_channel
from services.alerts.message.message import Message
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.audit.check import audit_differences
from services.storage.feeds import add_feed
from services.storage.tables import deliveries
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, Deployment, RecordingChannel
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import notice
from tests.support.servers.mail_server import Inbox

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

OUTAGE = timedelta(hours=26)
CARDIFF = "council:W06000015"
PEOPLE = {BLACKPOOL: ("asha", "ben"), CARDIFF: ("cara", "dilys")}
MANAGERS = {BLACKPOOL: "maya", CARDIFF: "megan"}


class MailAndMessenger:
    def __init__(self) -> None:
        self.mail = make_routed_channel(ChannelSettings(5.0, mail_without_tls=True))
        self.messenger = RecordingChannel()

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        way = self.messenger if route.startswith("json://") else self.mail
        return way.send(route, message, reference)


class MailServer:
    def __init__(self) -> None:
        with closing(create_server(("127.0.0.1", 0))) as free:
            self.port: int = free.getsockname()[1]
        self.inbox, self._running = Inbox(), False
        self.start()

    def start(self) -> None:
        self._controller = Controller(self.inbox, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        self._running = True

    def stop(self) -> None:
        if self._running:
            self._controller.stop()
            self._running = False

    def taken(self) -> list[tuple[str, str]]:
        mails = self.inbox.received()
        return [(str(mail["To"]).partition("@")[0], mail.get_body(("plain",)).get_content()) for mail in mails]  # type: ignore[union-attr]


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.stop()


@pytest.fixture
def channel(deployment: Deployment, server: MailServer) -> MailAndMessenger:
    made = MailAndMessenger()
    deployment.dispatcher.pool = DeliveryPool(made, time=deployment.clock.monotonic)
    fallback = (Contact(person="operator", channel="route", address="json://operator.example"),)
    object.__setattr__(deployment.engine, "fallback", fallback)
    add_feed(deployment.store, "council", "W06000015", "Cardiff")
    for feed, officers in PEOPLE.items():
        people = tuple(_contact(who, server.port) for who in officers)
        manager = (_contact(MANAGERS[feed], server.port),)
        tiers = (
            Tier(label="duty", from_days=56, contacts=people),
            Tier(label="managers", from_days=7, contacts=manager),
        )
        set_verified_policy(deployment.store, feed, CouncilPolicy(tiers=tiers))
    return made


def _contact(who: str, port: int) -> Contact:
    address = f"mailto://127.0.0.1:{port}?from=alerts@pullcord.example&to={who}@council.example&mode=insecure"
    return Contact(person=who, channel="route", address=address)


def number(feed: str, line: int) -> str:
    return f"01632 960{line + (500 if feed == CARDIFF else 100):03}"


def put(deployment: Deployment) -> None:
    for feed in PEOPLE:
        rows_of = [{"entry_id": f"{feed[-3:]}-{line}", "cli": number(feed, line)} for line in range(6)]
        deployment.put_entries(*({**row, "updated_at": "2026-11-01T09:00:00Z"} for row in rows_of), feed=feed)


def tell(deployment: Deployment, line: int, in_days: int, **more: object) -> None:
    stamp = {"issued_at": deployment.clock.now().isoformat()}
    for feed in PEOPLE:
        named = {"cli": number(feed, line)} | stamp | more
        deployment.post_notices(notice(f"{feed[-3:]}-{line}", in_days=in_days) | named)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_after_26_hours_each_person_gets_one_current_message_within_a_minute_and_the_operator_heard_before(
    deployment: Deployment, channel: MailAndMessenger, server: MailServer, withdrawn: bool
) -> None:
    put(deployment)
    server.stop()
    ends = deployment.clock.now() + OUTAGE
    for line, in_days in enumerate((2, 5, 6, 30, 40)):
        tell(deployment, line, in_days)
        deployment.tick(minutes=5)
    # The cases change while nobody can be told: one moves nearer, one is withdrawn.
    deployment.tick(hours=3)
    tell(deployment, 2, in_days=3)
    tell(deployment, 4, in_days=40, status="withdrawn" if withdrawn else "planned")
    while deployment.clock.now() < ends:
        deployment.tick(seconds=min(3600, (ends - deployment.clock.now()).total_seconds()))
    assert server.taken() == []
    # The operator has heard of both councils long before the end of the outage.
    heard = [one for one in channel.messenger.sent if one.route == "json://operator.example"]
    assert {name for name in ("Blackpool", "Cardiff") if any(name in one.message.text for one in heard)} == {
        "Blackpool",
        "Cardiff",
    }
    told_by = min(row.settled_at for row in rows(deployment, deliveries) if row.state == "sent")
    assert told_by <= ends - timedelta(hours=24)

    server.start()
    for _ in range(6):
        deployment.tick(seconds=10)
    by_person = Counter(who for who, _ in server.taken())
    assert by_person == dict.fromkeys((*PEOPLE[BLACKPOOL], *PEOPLE[CARDIFF], *MANAGERS.values()), 1)
    for who, text in server.taken():
        # The day as it is now, and no line whose notice was withdrawn.
        assert "Thu 26 Nov 2026" in text, who
        assert "Sun 29 Nov 2026" not in text, who
        assert not (withdrawn and "Sat 2 Jan 2027" in text), who
    assert {row.state for row in rows(deployment, deliveries)} <= {"sent", "not_needed", "given_up"}
    open_cases = [case for case in cases_by_entry(deployment).values() if not case.ended]
    assert open_cases
    assert all(case.last_alert_at for case in open_cases)
    with deployment.store.reading() as connection:
        assert list(audit_differences(connection, deployment.store)) == []
