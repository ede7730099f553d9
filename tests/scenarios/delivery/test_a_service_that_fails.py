from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.destinations.destination import LONGEST_PROBE, OPENS_AFTER
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.message.message import Message
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.clock import Clock
from services.runtime.gauges.store import count_overdue
from services.storage.feeds import add_feed
from services.storage.tables import alerts, deliveries
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, PATIENCE, Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice

WYRE = "council:E07000128"
DOWN = SendResult(SendOutcome.FAILED_TEMPORARY, "connection_refused")
DOUBT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
FULL_MAILBOX = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_452", only_this_message=True)
DAILY_LIMIT = SendResult(
    SendOutcome.FAILED_TEMPORARY, "notify_daily_limit", 300.0, only_this_message=True, lasts_for_hours=True
)
RELAY, OTHER = "relay.example", "other.example"
STAFF = 12


@dataclass
class Hosts:
    clock: Clock
    faults: dict[str, SendResult] = field(default_factory=dict)
    attempts: list[tuple[str, str, datetime, SendResult]] = field(default_factory=list)

    def send(self, route: str, _message: Message, _reference: str) -> SendResult:
        who, host = route.partition("to=")[2].partition("@")[0], route.partition("://")[2].partition("?")[0]
        result = self.faults.get(who) or self.faults.get(host) or ACCEPTED
        self.attempts.append((who, host, self.clock.now(), result))
        return result

    def accepted(self, host: str) -> list[str]:
        return [who for who, at, _, result in self.attempts if at == host and result is ACCEPTED]

    def at(self, host: str) -> list[datetime]:
        return [moment for _, where, moment, _ in self.attempts if where == host]


def person(name: str, host: str) -> Contact:
    route = f"mailto://{host}?from=alerts@pullcord.example&to={name}@council.example"
    return Contact(person=name, channel="route", address=route)


def desk(*contacts: Contact) -> Tier:
    return Tier(label="duty", from_days=56, contacts=contacts)


def staff(count: int = STAFF, host: str = RELAY) -> Iterable[Contact]:
    return (person(f"{host.partition('.')[0]}{number}", host) for number in range(count))


@pytest.fixture
def hosts(deployment: Deployment) -> Hosts:
    return reached_by(deployment)


def reached_by(deployment: Deployment, most_a_minute: int | None = None) -> Hosts:
    hosts = Hosts(deployment.clock)
    pool = DeliveryPool(
        hosts, time=lambda: deployment.clock.now().timestamp(), most_a_minute=lambda _route: most_a_minute
    )
    deployment.dispatcher = Dispatcher(deployment.store, pool, deployment.dispatcher.presentation, patience=PATIENCE)
    return hosts


def alerted(deployment: Deployment, *tiers: Tier, in_days: int = 20, feed: str = BLACKPOOL, entry: str = "e1") -> None:
    set_verified_policy(deployment.store, feed, CouncilPolicy(tiers=tiers))
    number = f"01632 9601{len(entry)}{in_days % 10}"
    deployment.put_entries({**ENTRY, "entry_id": entry, "cli": number}, feed=feed)
    deployment.post_notices({**notice(f"n-{entry}", in_days=in_days), "cli": number})


def second_by_second(deployment: Deployment, seconds: int, until: Callable[[], bool] = lambda: False) -> int:
    for second in range(1, seconds + 1):
        deployment.tick(seconds=1)
        if until():
            return second
    return seconds


def states(deployment: Deployment) -> dict[str, str]:
    return {row.contact: row.state for row in rows(deployment, deliveries)}


@pytest.mark.parametrize("fault", [DOWN, DOUBT], ids=["down", "doubt"])
def test_others_get_their_first_message_at_once_and_the_service_is_left_in_peace(
    deployment: Deployment, hosts: Hosts, fault: SendResult
) -> None:
    hosts.faults[RELAY] = fault
    alerted(deployment, desk(*staff(), *staff(3, OTHER)))
    deployment.tick(seconds=31)
    assert sorted(hosts.accepted(OTHER)) == ["other0", "other1", "other2"]
    first = len(hosts.at(RELAY))
    assert first <= OPENS_AFTER + 1
    second_by_second(deployment, 150)
    assert 150 / LONGEST_PROBE - 1 <= len(hosts.at(RELAY)) - first <= 150 / 5


@pytest.mark.parametrize("outage", [20, 67, 301, 3_599])
def test_within_a_minute_of_its_return_everybodys_message_is_out(
    deployment: Deployment, hosts: Hosts, outage: int
) -> None:
    hosts.faults[RELAY] = DOWN
    alerted(deployment, desk(*staff()))
    deployment.tick(seconds=31)
    for _ in range(20):
        deployment.tick(seconds=outage / 20)
    hosts.faults.clear()
    taken = second_by_second(deployment, 60, lambda: len(hosts.accepted(RELAY)) == STAFF)
    assert (len(set(hosts.accepted(RELAY))), taken <= 30) == (STAFF, True)
    assert {state for who, state in states(deployment).items() if who != "operator"} == {"sent"}


def test_what_is_held_uses_up_no_attempt_and_does_not_count_as_forgotten(deployment: Deployment, hosts: Hosts) -> None:
    hosts.faults[RELAY] = DOWN
    alerted(deployment, desk(*staff()))
    deployment.tick(seconds=31)
    second_by_second(deployment, 5)
    held = [row for row in rows(deployment, deliveries) if not row.attempts]
    assert held
    assert {row.state for row in held} == {"waiting"}
    for _ in range(40):
        deployment.tick(seconds=10)
        with deployment.store.reading() as connection:
            assert count_overdue(connection, deployment.store.now()) == 0
    assert sum(row.attempts for row in rows(deployment, deliveries)) == len(hosts.attempts)


def asked_after(deployment: Deployment, hosts: Hosts, people: int, in_days: int) -> int:
    """Return the seconds from the first failure to the manager's message."""
    hosts.faults[RELAY] = DOWN
    manager = Tier(label="managers", from_days=0, contacts=(person("manager", OTHER),))
    alerted(deployment, desk(*staff(people)), manager, in_days=in_days)
    deployment.tick(seconds=31)
    due = next(iter(rows(deployment, alerts))).check_at
    while deployment.store.now() < due - timedelta(seconds=30):
        deployment.tick(seconds=20)
        assert hosts.accepted(OTHER) == []
    second_by_second(deployment, 60, lambda: "manager" in hosts.accepted(OTHER))
    return int((hosts.at(OTHER)[0] - hosts.at(RELAY)[0]).total_seconds())


@pytest.mark.parametrize(("in_days", "minutes"), [(20, 60), (2, 5)])
@pytest.mark.parametrize("people", [1, 40])
def test_others_are_asked_in_their_time_also_where_the_messages_are_held(
    deployment: Deployment, hosts: Hosts, in_days: int, minutes: int, people: int
) -> None:
    # With one person every attempt is made. With forty, most have had none by then.
    assert 60 * minutes - 31 <= asked_after(deployment, hosts, people, in_days) <= 60 * minutes + 1
    if people > 1 and minutes < 60:
        assert 0 in {row.attempts for row in rows(deployment, deliveries)}


def test_a_message_that_makes_the_service_fail_does_not_keep_it_closed_to_others(
    deployment: Deployment, hosts: Hosts
) -> None:
    add_feed(deployment.store, "council", "E07000128", "Wyre")
    names = [f"relay{number}" for number in range(STAFF)]
    hosts.faults |= dict.fromkeys(names, DOUBT)
    alerted(deployment, desk(*staff()), in_days=2)
    deployment.tick(seconds=31)
    alerted(deployment, desk(person("wyre", RELAY)), feed=WYRE, entry="w10")
    taken = second_by_second(deployment, 120, lambda: "wyre" in hosts.accepted(RELAY))
    assert taken <= 31 + LONGEST_PROBE, "though the first council has urgent messages that nobody has tried"


def test_full_mailboxes_at_a_shared_server_hold_up_nobody(deployment: Deployment, hosts: Hosts) -> None:
    hosts.faults |= {f"relay{number}": FULL_MAILBOX for number in range(STAFF - 1)}
    alerted(deployment, desk(*staff()))
    deployment.tick(seconds=31)
    assert hosts.accepted(RELAY) == [f"relay{STAFF - 1}"]


def test_a_service_that_asks_to_wait_gets_no_message_of_anybody_for_so_long(
    deployment: Deployment, hosts: Hosts
) -> None:
    hosts.faults[RELAY] = SendResult(SendOutcome.FAILED_TEMPORARY, "http_429", retry_after=90.0)
    alerted(deployment, desk(*staff(), *staff(1, OTHER)))
    deployment.tick(seconds=31)
    asked = len(hosts.at(RELAY))
    assert (asked <= 2, hosts.accepted(OTHER)) == (True, ["other0"])
    hosts.faults.clear()
    second_by_second(deployment, 89)
    assert len(hosts.at(RELAY)) == asked
    second_by_second(deployment, 26)
    assert len(set(hosts.accepted(RELAY))) == STAFF


@pytest.mark.parametrize("in_days", [20, 2])
def test_the_limit_of_a_day_asks_others_at_once_and_the_message_still_goes_out_later(
    deployment: Deployment, hosts: Hosts, in_days: int
) -> None:
    hosts.faults["relay0"] = DAILY_LIMIT
    manager = Tier(label="managers", from_days=0, contacts=(person("manager", OTHER),))
    alerted(deployment, desk(*staff(1)), manager, in_days=in_days)
    deployment.tick(seconds=31)
    assert hosts.accepted(OTHER) == ["manager"]
    assert states(deployment)["relay0"] == "waiting"
    for _ in range(4):
        deployment.tick(minutes=30)
    hosts.faults.clear()
    deployment.tick(minutes=6)
    assert states(deployment)["relay0"] == "sent"


def test_under_a_rate_limit_the_nearest_harm_goes_first_and_nothing_is_lost(deployment: Deployment) -> None:
    add_feed(deployment.store, "council", "E07000128", "Wyre")
    hosts = reached_by(deployment, most_a_minute=12)
    alerted(deployment, desk(*staff(20)), in_days=20)
    alerted(deployment, desk(person("urgent0", RELAY), person("urgent1", RELAY)), in_days=1, feed=WYRE, entry="w10")
    deployment.tick(seconds=31)
    second_by_second(deployment, 20)
    assert {"urgent0", "urgent1"} <= set(hosts.accepted(RELAY)[:4])
    began = hosts.at(RELAY)[0]
    second_by_second(deployment, 100)
    assert len(set(hosts.accepted(RELAY))) == len(hosts.accepted(RELAY)) == 22
    in_first_minute = [moment for moment in hosts.at(RELAY) if (moment - began).total_seconds() < 60]
    assert len(in_first_minute) <= 14
