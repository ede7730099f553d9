from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Envelope
from services.audit.check import audit_differences
from services.core.differences import Difference
from services.core.errors import NotFoundError
from services.ingest.recording.sealed_check import sealed_differences
from services.ingest.recording.withdrawals import withdraw_one
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.storage.events.process import Effects
from services.storage.unit_of_work import UnitOfWork
from tests.support.deployment import BLACKPOOL, Deployment, sqlite_engine
from tests.support.ledger import cases_by_entry, pairs, stale_matches, tell_everything_again
from tests.support.servers.worlds import ENTRIES, World, bases, entry_versions, in_order, notice_versions

Step = tuple[str, Any]
MOST = settings(max_examples=80, deadline=None)
FEWER = settings(max_examples=40, deadline=None)


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    places = draw(bases)
    told = st.lists(notice_versions(places), min_size=1, max_size=3).map(lambda rows: ("post", rows))
    kept = st.lists(entry_versions(places), min_size=1, max_size=3).map(lambda rows: ("put", rows))
    gone = st.tuples(st.just("withdraw"), st.sampled_from(ENTRIES))
    dispatched = st.tuples(st.just("dispatch"), st.sampled_from([1, 2, 12]))
    broken = st.one_of(st.tuples(st.just("crash"), st.integers(0, 1)), st.just(("replay", None)))
    steps = st.lists(st.one_of(told, kept, dispatched, told, kept, gone, dispatched, broken), min_size=6, max_size=16)
    return _in_order(draw(steps))


def _in_order(story: Sequence[Step]) -> list[Step]:
    # Ties are left out: `tests/unit/ingest/versions/test_tied_versions.py` tests them.
    kept = in_order(row for kind, rows in story if kind in {"post", "put"} for row in rows)
    told = ((kind, [row for row in rows if row in kept] if kind in {"post", "put"} else rows) for kind, rows in story)
    return [(kind, what) for kind, what in told if what != []]


class Killed(BaseException):
    """Simulates the end of a process. Only a test catches this error."""


class FallsOver:
    def __init__(self, consumer: Any) -> None:
        self.name, self.topics, self._consumer = consumer.name, consumer.topics, consumer

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        self._consumer.handle(work, events)
        raise Killed


@contextmanager
def fresh_deployment() -> Iterator[Deployment]:
    with TemporaryDirectory() as folder:
        engine = sqlite_engine(Path(folder))
        try:
            yield Deployment(engine).with_officers()
        finally:
            engine.dispose()


def live_through(deployment: Deployment, world: World, story: Sequence[Step]) -> None:
    for kind, what in story:
        deployment.clock.advance(seconds=1)
        DEEDS[kind](deployment, world, what)
    deployment.settle()


def _post(deployment: Deployment, world: World, rows: Sequence[Any]) -> None:
    deployment.post_notices(*rows)
    _in_any_order(world.post, rows)


def _put(deployment: Deployment, world: World, rows: Sequence[Any]) -> None:
    deployment.put_entries(*rows)
    _in_any_order(world.put, rows)


def _in_any_order(take: Callable[[Any], None], rows: Sequence[Any]) -> None:
    for row in reversed(rows):
        take(row)


def _withdraw(deployment: Deployment, world: World, name: str) -> None:
    known = world.withdraw(name, deployment.clock.now())
    try:
        withdraw_one(deployment.store, BLACKPOOL, name)
    except NotFoundError:
        assert not known


def _dispatch(deployment: Deployment, _world: World, batch: int) -> None:
    EventDispatcher(deployment.store, deployment.event_dispatcher._consumers, batch).run_once()


def _crash(deployment: Deployment, _world: World, place: int) -> None:
    consumers = list(deployment.event_dispatcher._consumers)
    consumers[place] = FallsOver(consumers[place])
    try:
        EventDispatcher(deployment.store, consumers).run_once()
    except Killed:
        return


def _replay(deployment: Deployment, _world: World, _: None) -> None:
    tell_everything_again(deployment)


DEEDS: dict[str, Callable[[Deployment, World, Any], None]] = {
    "post": _post,
    "put": _put,
    "withdraw": _withdraw,
    "dispatch": _dispatch,
    "crash": _crash,
    "replay": _replay,
}


def at_risk(deployment: Deployment) -> dict[str, tuple[Any, ...]]:
    return {
        name: (case.lines, case.level, case.harm_on) for name, case in cases_by_entry(deployment).items() if case.lines
    }


def differences_found(deployment: Deployment) -> list[Difference]:
    with deployment.store.reading() as connection:
        return [*audit_differences(connection, deployment.store), *sealed_differences(connection, deployment.store)]


@pytest.mark.slow
@MOST
@given(story=stories())
def test_whatever_happens_the_matches_are_those_of_the_final_records(story: list[Step]) -> None:
    with fresh_deployment() as deployment, fresh_deployment() as anew:
        world = World(deployment.store.tokeniser)
        live_through(deployment, world, story)
        assert pairs(deployment) == world.expected()
        assert stale_matches(deployment) == 0
        assert differences_found(deployment) == []

        anew.put_entries(*(one.row for one in world.entries.values() if one.live))
        anew.post_notices(*(_as_it_stands(one) for one in world.notices.values()))
        anew.settle()
        assert pairs(deployment) == pairs(anew)
        assert at_risk(deployment) == at_risk(anew)


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    places = draw(bases)
    versions = st.one_of(notice_versions(places), entry_versions(places))
    rows = in_order(draw(st.lists(versions, min_size=4, max_size=12)))
    return rows, draw(st.permutations(rows))


@pytest.mark.slow
@FEWER
@given(orders=shuffled())
def test_the_same_versions_in_two_orders_and_batchings_give_the_same_matches(
    orders: tuple[list[Any], list[Any]],
) -> None:
    one_by_one, at_once = orders
    with fresh_deployment() as deployment, fresh_deployment() as other:
        for row in one_by_one:
            (deployment.post_notices if "id" in row else deployment.put_entries)(row)
            deployment.settle()
        other.post_notices(*(row for row in at_once if "id" in row))
        other.put_entries(*(row for row in at_once if "id" not in row))
        other.settle()
        assert pairs(deployment) == pairs(other)
        assert at_risk(deployment) == at_risk(other)


def _as_it_stands(version: Any) -> Any:
    return {**version.row, "issued_at": version.stamp.isoformat()}
