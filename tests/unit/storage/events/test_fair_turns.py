from __future__ import annotations

import pytest

from schemas.events import NoticesReconsidered, RecordRef
from services.storage.events.outbox import Announcement, Lane, announce, lane_of, mark_published, unpublished
from services.storage.store import Store


def reconsidered(record: int) -> NoticesReconsidered:
    reference = RecordRef(record=record, revision=1)
    return NoticesReconsidered(feed="provider:RAVN", submission="withdrawal", records=(reference,))


@pytest.mark.parametrize("lane", [None, Lane(0, NoticesReconsidered.topic)])
def test_a_feed_with_a_long_queue_delays_no_other(store: Store, lane: Lane | None) -> None:
    keys = [f"provider:RAVN:{number}" for number in range(200)]
    busy, quiet = [key for key in keys if lane is None or lane_of(key) == lane.number][:2]
    waiting = [Announcement("ingest", busy, reconsidered(number)) for number in range(1, 500)]
    with store.writing() as connection:
        announce(connection, [*waiting, Announcement("ingest", quiet, reconsidered(500))], store.now(), store.random)
        found = unpublished(connection, 12, lane)
    of_busy = [event.pk for event in found if event.partition_key == busy]
    assert (len(found), len(of_busy), of_busy) == (12, 11, sorted(of_busy))
    assert found[0].pk in (1, 500)


def test_every_key_has_its_turn_however_many_there_are(store: Store) -> None:
    keys = [f"council:E{number:08}" for number in range(40)]
    with store.writing() as connection:
        for _ in range(30):
            announce(
                connection, [Announcement("ingest", key, reconsidered(1)) for key in keys], store.now(), store.random
            )
    served: list[str] = []
    with store.writing() as connection:
        for _ in range(4):
            found = unpublished(connection, 12, after=served[-1] if served else None)
            served += [event.partition_key for event in found]
            mark_published(connection, found, store.now())
    assert set(served) == set(keys)
