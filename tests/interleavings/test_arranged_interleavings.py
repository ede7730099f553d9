from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from schemas.envelope import decode
from schemas.events import EventData, LinesMatched
from services.matcher.consumer import Matcher
from services.runtime.embedded.event_dispatcher import CONFLICTS, EventDispatcher, deliver
from services.storage.events.outbox import StoredEvent, unpublished
from services.storage.store import Store
from services.storage.tables import outbox
from tests.interleavings.afresh import NONE, Differences, differences, live_matches
from tests.interleavings.submissions.histories import COUNCILS, PROVIDERS, Act, Submission
from tests.interleavings.submissions.lines import Row
from tests.interleavings.workers.meetings import PATIENCE, committing_together, interrupted_before
from tests.interleavings.workers.mutants import probing
from tests.interleavings.workers.writing import submit
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

PROVIDER, COUNCIL = f"provider:{PROVIDERS[0]}", f"council:{COUNCILS[0]}"
HERE, ELSEWHERE = {"cli": "01632 960001"}, {"cli": "01632 960002"}
LOCKING, WRITING = "FOR SHARE", "INSERT INTO matches"

Change = Callable[[Store], None]


def post(store: Store, row: Row, day: int = 22) -> None:
    # The notice was issued on this day of November.
    told = {"id": "n1", "planned_migration_date": "2026-12-03", "issued_at": f"2026-11-{day}T09:00:00Z", **row}
    submit(store, Submission(Act.POST, PROVIDER, (told,)))


def put(store: Store, row: Row, day: int = 22) -> None:
    # The entry was changed on this day of November.
    told = {"entry_id": "e1", "updated_at": f"2026-11-{day}T09:00:00Z", **row}
    submit(store, Submission(Act.PUT, COUNCIL, (told,)))


def withdraw(store: Store) -> None:
    submit(store, Submission(Act.WITHDRAW, COUNCIL, ({"entry_id": "e1"},)))


CHANGES: dict[str, Change] = {
    "the entry moves to another line": lambda store: put(store, ELSEWHERE, 23),
    "the entry is withdrawn": withdraw,
    "the notice moves to another line": lambda store: post(store, ELSEWHERE, 23),
    "the notice is replaced": lambda store: post(store, {"id": "n2", "supersedes": "n1", **ELSEWHERE}, 23),
}
changes = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())


def settle(store: Store) -> None:
    dispatcher = EventDispatcher(store, (Matcher(),))
    while dispatcher.run_once():
        pass


def waiting(store: Store) -> list[StoredEvent]:
    with store.reading() as connection:
        return unpublished(connection, 100)


def match_elsewhere(store: Store, events: Sequence[StoredEvent]) -> None:
    """Let a second worker handle all waiting events except `events`."""
    deliver(store, Matcher(), [one for one in waiting(store) if one not in events])


def both_at_once(store: Store) -> None:
    # Neither writer sees the other's record.
    with committing_together(store.engine, 2), ThreadPoolExecutor(2) as threads:
        for writer in [threads.submit(post, store, HERE), threads.submit(put, store, HERE)]:
            writer.result()


def a_pair_to_match(store: Store) -> list[StoredEvent]:
    post(store, HERE)
    put(store, HERE)
    return waiting(store)


def change_and_match_elsewhere(store: Store, change: Change, events: Sequence[StoredEvent]) -> None:
    change(store)
    match_elsewhere(store, events)


def test_two_records_written_at_once_find_each_other(store: Store) -> None:
    both_at_once(store)
    settle(store)
    assert differences(store) == NONE
    assert live_matches(store) == 1


def test_with_the_probe_in_the_writing_transaction_they_miss_each_other(store: Store) -> None:
    both_at_once(probing(store))
    settle(store)
    assert differences(store) == Differences(missed=frozenset({(1, 1)}), stale=frozenset())


@changes
def test_a_change_just_before_the_match_is_written_sends_the_matcher_back(store: Store, change: Change) -> None:
    events = a_pair_to_match(store)
    meanwhile = partial(change_and_match_elsewhere, store, change, events)
    before = conflicts()
    with interrupted_before(store.engine, LOCKING, meanwhile):
        deliver(store, Matcher(), events)
    assert conflicts() == before + 1
    settle(store)
    assert differences(store) == NONE


@changes
def test_without_the_share_lock_that_change_leaves_a_stale_match(
    store: Store, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = a_pair_to_match(store)
    monkeypatch.setattr("services.matcher.store.matches.share_lock", lambda _: False)
    with interrupted_before(store.engine, WRITING, partial(change_and_match_elsewhere, store, change, events)):
        deliver(store, Matcher(), events)
    settle(store)
    assert differences(store) == Differences(missed=frozenset(), stale=frozenset({(1, 1)}))


@changes
def test_a_change_waits_while_the_match_is_written(store: Store, change: Change) -> None:
    events = a_pair_to_match(store)
    with ThreadPoolExecutor(1) as writer:
        changing: list[Future[None]] = []

        def begin_to_change() -> None:
            changing.append(writer.submit(change, store))
            assert until(lambda: waits_for_a_lock(store), PATIENCE)

        with interrupted_before(store.engine, WRITING, begin_to_change):
            deliver(store, Matcher(), events)
        changing[0].result(PATIENCE)
    settle(store)
    assert differences(store) == NONE
    assert live_matches(store) == 0


def test_two_workers_who_find_a_pair_at_once_tell_it_once(store: Store) -> None:
    of_the_notice, of_the_entry = a_pair_to_match(store)
    other = partial(deliver, store, Matcher(), [of_the_entry])
    with interrupted_before(store.engine, WRITING, other), pytest.raises(OperationalError, match="serialize"):
        deliver(store, Matcher(), [of_the_notice])
    settle(store)
    assert differences(store) == NONE
    assert events_of(store, LinesMatched) == 1


def conflicts() -> float:
    # A matcher starts again if another worker changed the same rows first.
    value: float = CONFLICTS.labels(Matcher.name)._value.get()
    return value


def events_of(store: Store, kind: type[EventData]) -> int:
    with store.reading() as connection:
        told = list(connection.scalars(select(outbox.c.body)))
    return sum(isinstance(decode(body).data, kind) for body in told)


def waits_for_a_lock(store: Store) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with store.reading() as connection:
        return bool(connection.scalar(text(query)))
