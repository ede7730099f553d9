from __future__ import annotations

from datetime import timedelta

import pytest

from services.storage.events.canaries import (
    heard_until,
    note_heard,
    note_published,
    oldest_heard,
    partitions_due,
    unheard,
)
from services.storage.events.missed import republish_missed
from services.storage.events.outbox import Announcement, announce, mark_published, unpublished
from services.storage.store import Store
from tests.support.clock import START, FrozenClock
from tests.unit.storage.events.test_events_in_and_out import RAVEN, withdrawn

TOPIC = "pullcord.notices"
ONE, TWO = (TOPIC, 0), (TOPIC, 1)
MINUTE = timedelta(minutes=1)


def told(store: Store, *partitions: tuple[str, int]) -> None:
    with store.writing() as connection:
        note_published(connection, partitions, store.now())


def heard(store: Store, *partitions: tuple[str, int]) -> None:
    with store.writing() as connection:
        note_heard(connection, "matcher", dict.fromkeys(partitions, store.now()), store.now())


def publish(store: Store, *records: int) -> None:
    with store.writing() as connection:
        announce(
            connection, [Announcement("ingest", RAVEN, withdrawn(one)) for one in records], store.now(), store.random
        )
        mark_published(connection, unpublished(connection, 100), store.now())


def missed(store: Store) -> int:
    with store.writing() as connection:
        return republish_missed(connection, "matcher", TOPIC, store.now())


def test_a_partition_is_due_a_canary_at_first_and_then_every_beat(store: Store, clock: FrozenClock) -> None:
    told(store, ONE)
    clock.advance(seconds=59)
    with store.reading() as connection:
        assert partitions_due(connection, [ONE, TWO], MINUTE, clock.now()) == [TWO]
    clock.advance(seconds=1)
    with store.reading() as connection:
        assert partitions_due(connection, [ONE, TWO], MINUTE, clock.now()) == [ONE, TWO]


def test_a_consumer_is_behind_where_it_has_not_heard_the_last_canaries(store: Store, clock: FrozenClock) -> None:
    told(store, ONE, TWO)
    heard(store, ONE, TWO)
    clock.advance(minutes=4)
    told(store, ONE, TWO)
    heard(store, TWO)
    with store.reading() as connection:
        assert unheard(connection, "matcher", (TOPIC,), 3 * MINUTE) == {ONE}
        assert unheard(connection, "matcher", (TOPIC,), 5 * MINUTE) == frozenset()
        assert unheard(connection, "matcher", ("pullcord.entries",), MINUTE) == frozenset()
        assert unheard(connection, "alerts", (TOPIC,), 5 * MINUTE) == {ONE, TWO}


def test_while_no_relay_tells_canaries_nobody_is_behind(store: Store, clock: FrozenClock) -> None:
    told(store, ONE)
    heard(store, ONE)
    clock.advance(days=1)
    with store.reading() as connection:
        assert unheard(connection, "matcher", (TOPIC,), MINUTE) == frozenset()
        assert oldest_heard(connection, "matcher", (TOPIC,)) == START


def test_a_topic_is_heard_up_to_where_its_slowest_partition_is(store: Store, clock: FrozenClock) -> None:
    told(store, ONE, TWO)
    heard(store, ONE)
    with store.reading() as connection:
        assert heard_until(connection, "matcher", TOPIC) is None, "nothing is known of the other partition"
    heard(store, TWO)
    clock.advance(minutes=1)
    heard(store, ONE)
    with store.reading() as connection:
        assert heard_until(connection, "matcher", TOPIC) == START


def test_without_a_canary_nothing_is_known_of_a_topic(store: Store) -> None:
    with store.reading() as connection:
        assert heard_until(connection, "matcher", TOPIC) is None
        assert oldest_heard(connection, "matcher", (TOPIC,)) is None


def test_what_was_told_and_never_handled_is_told_again_each_time_it_is_lost(store: Store, clock: FrozenClock) -> None:
    publish(store, 1, 2)
    clock.advance(minutes=2)
    assert missed(store) == 2
    assert missed(store) == 0, "they wait to be told"
    publish(store)
    clock.advance(minutes=2)
    assert missed(store) == 2, "they were lost once more"


@pytest.mark.parametrize("consumer", ["alerts", "another"])
def test_what_another_consumer_handled_is_still_missed(store: Store, clock: FrozenClock, consumer: str) -> None:
    publish(store, 1)
    clock.advance(minutes=2)
    with store.writing() as connection:
        assert republish_missed(connection, consumer, TOPIC, clock.now()) == 1


def test_what_was_told_only_just_now_is_not_looked_for(store: Store) -> None:
    publish(store, 1)
    assert missed(store) == 0
