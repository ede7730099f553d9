from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from sqlalchemy import select

from schemas.codes import MigrationKind, NoticeStatus, Scope, TargetService
from schemas.envelope import decode
from schemas.events import CaseRef, CasesChanged, NoticeRef, NoticesAccepted
from services.runtime.gauges.store import count_quarantined
from services.runtime.kafka.brokers.publishing import ID_HEADER, Publisher, RelayError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import Relay
from services.storage.events.outbox import Announcement, announce
from services.storage.events.quarantine import list_quarantine, requeue
from services.storage.store import Store
from services.storage.tables import inbox, quarantine
from tests.distributed.stream import tapped, unpublished_events, write_events
from tests.distributed.working import LITTER
from tests.support.clock import FrozenClock

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, LITTER]

NOTICES, ENTRIES, CASES = "pullcord.notices", "pullcord.entries", "pullcord.cases"
LIMIT = 1100
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def limit(settings: KafkaSettings, topic: str, most: int) -> None:
    admin = KafkaAdminClient(**settings.client())
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(most)})])
    admin.close()


@pytest.fixture
def narrow(settings: KafkaSettings) -> Iterator[None]:
    # The topic of notices accepts no record of more than LIMIT bytes.
    limit(settings, NOTICES, LIMIT)
    yield
    limit(settings, NOTICES, 1_000_000)


def notice(number: int, tokens: int, noise: random.Random) -> NoticeRef:
    return NoticeRef(
        notice=number,
        revision=1,
        scope=Scope.LINE,
        status=NoticeStatus.PLANNED,
        migration_kind=MigrationKind.NON_VOLUNTARY,
        target_service=TargetService.VOIP,
        issued_at=FrozenClock().now(),
        tokens=tuple("1" + "".join(noise.choices(LETTERS, k=22)) for _ in range(tokens)),
    )


def write(store: Store, key: str, notices: Sequence[NoticeRef]) -> None:
    said = NoticesAccepted(feed="provider:RAVN", submission="withdrawal", records=tuple(notices))
    with store.writing() as connection:
        announce(connection, [Announcement("ingest", key, said)], store.now(), store.random)


def numbers(records: Sequence[Any]) -> Counter[int]:
    # Records with the same event id count as one event.
    said: list[Any] = [decode(value).data for value in {header_id(one): one.value for one in records}.values()]
    return Counter(one.notice for data in said for one in data.records)


def header_id(record: Any) -> bytes:
    found: bytes = dict(record.headers)[ID_HEADER]
    return found


def in_quarantine(store: Store) -> dict[str, list[str]]:
    with store.reading() as connection:
        return {one.event_id: [one.consumer, one.error] for one in list_quarantine(connection)}


@pytest.mark.usefixtures("narrow")
def test_an_event_that_is_too_large_is_split_until_it_fits(
    store: Store, publisher: Publisher, settings: KafkaSettings
) -> None:
    noise = random.Random(1)
    write(store, "provider:RAVN:1", [notice(number, 4, noise) for number in range(1, 41)])
    relay = Relay(store, publisher)
    with tapped(settings, NOTICES) as tap:
        while unpublished_events(store):
            relay.run_once()
        records = tap.read()
    assert numbers(records) == Counter(range(1, 41))
    assert len(records) > 1
    assert in_quarantine(store) == {}


@pytest.mark.usefixtures("narrow")
def test_one_record_that_is_too_large_is_in_quarantine_and_the_others_get_through(
    store: Store, publisher: Publisher, settings: KafkaSettings
) -> None:
    noise = random.Random(2)
    for number, tokens in ((1, 2), (2, 300), (3, 2)):
        write(store, "provider:RAVN:1", [notice(number, tokens, noise)])
    with tapped(settings, NOTICES) as tap:
        assert Relay(store, publisher).run_once() == 3
        assert numbers(tap.read()) == Counter([1, 3])
    ((event, said),) = in_quarantine(store).items()
    assert said == ["matcher", "MessageSizeTooLargeError"]
    # The gauge behind the alert of the operator.
    with store.reading() as connection:
        assert count_quarantined(connection) == 1
    limit(settings, NOTICES, 1_000_000)
    requeue(store, event, "Operator")
    with tapped(settings, NOTICES) as tap:
        assert Relay(store, publisher).run_once() == 1
        assert numbers(tap.read()) == Counter([2])
    with store.reading() as connection:
        assert connection.scalars(select(inbox.c.event_id)).all() == connection.scalars(select(quarantine.c.at)).all()


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_sizes_every_record_is_in_one_published_event_or_in_quarantine(
    seed: int, store: Store, publisher: Publisher, settings: KafkaSettings
) -> None:
    noise = random.Random(seed)
    every, number = set[int](), 0
    for _ in range(25):
        records = []
        for _ in range(noise.choice([1, 1, 2, 7, 30])):
            number += 1
            records.append(notice(number, noise.choice([0, 1, 3, 40, 120]), noise))
        write(store, f"provider:RAVN:{noise.randrange(16)}", records)
        every |= {one.notice for one in records}
    relay = Relay(store, publisher)
    with tapped(settings, NOTICES) as tap:
        while unpublished_events(store):
            relay.run_once()
        published = numbers(tap.read())
    with store.reading() as connection:
        bodies = connection.scalars(select(quarantine.c.body)).all()
    said: list[Any] = [decode(body).data for body in bodies]
    aside = Counter(one.notice for data in said for one in data.records)
    assert published + aside == Counter(every)
    assert aside


def test_a_topic_that_fails_holds_up_no_other(
    store: Store, publisher: Publisher, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing can be sent to this topic. It does not exist, and nobody makes it.
    monkeypatch.setattr(CasesChanged, "topic", "pullcord.missing")
    monkeypatch.setitem(publisher._producer.config, "max_block_ms", 500)
    case = CaseRef(case="C-2222-3333", entry=1, event="opened", state="open")
    said = CasesChanged(council="council:E06000009", records=(case,))
    with store.writing() as connection:
        announce(connection, [Announcement("alerts", "provider:RAVN:1", said)], store.now(), store.random)
    write_events(store, [("provider:RAVN:1", 1), ("provider:RAVN:2", 2)])
    relay, clock = Relay(store, publisher, time=lambda: clock[0]), [0.0]
    with tapped(settings, NOTICES) as tap:
        assert relay.run_once() == 2
        assert len(tap.read()) == 2
        # The event that failed waits for its next try.
        write_events(store, [("provider:RAVN:1", 3)])
        assert relay.run_once() == 1
        assert len(unpublished_events(store)) == 1
        clock[0] += 60
        with pytest.raises(RelayError):
            relay.run_once()
