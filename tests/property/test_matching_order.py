"""After any order, batching, crash and replay, the matches are those that the records, as they are, call for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from schemas.envelope import Envelope
from services.core.errors import NotFoundError
from services.ingest.withdrawals import withdraw_one
from services.runtime.pump import Pump
from services.storage.engine import make_engine
from services.storage.process import Effects
from services.storage.store import Store
from tests.support.house import BLACKPOOL, House, sqlite_engine
from tests.support.ledger import cases_by_entry, pairs, stale_matches, tell_everything_again
from tests.support.worlds import ENTRIES, World, entry_versions, notice_versions

Step = tuple[str, Any]
MOST = settings(max_examples=110, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

steps = st.one_of(
    st.tuples(st.just("post"), st.lists(notice_versions(), min_size=1, max_size=4)),
    st.tuples(st.just("put"), st.lists(entry_versions(), min_size=1, max_size=4)),
    st.tuples(st.just("post"), st.lists(notice_versions(), min_size=1, max_size=2)),
    st.tuples(st.just("put"), st.lists(entry_versions(), min_size=1, max_size=2)),
    st.tuples(st.just("withdraw"), st.sampled_from(ENTRIES)),
    st.tuples(st.just("pump"), st.integers(1, 12)),
    st.tuples(st.just("crash"), st.integers(0, 1)),
    st.tuples(st.just("replay"), st.none()),
)


class FallsOver:
    """A consumer that does its work and dies before it is kept."""

    def __init__(self, consumer: Any) -> None:
        self.name, self.topics, self._consumer = consumer.name, consumer.topics, consumer

    def handle(self, connection: Connection, store: Store, events: Sequence[Envelope], now: Any) -> Effects:
        self._consumer.handle(connection, store, events, now)
        raise InterruptedError


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing in it, to be copied for every world."""
    folder = tmp_path_factory.mktemp("blank")
    sqlite_engine(folder).dispose()
    return folder / "pullcord.db"


@contextmanager
def fresh_house(blank: Path) -> Iterator[House]:
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "pullcord.db"
        shutil.copyfile(blank, copy)
        engine = make_engine(f"sqlite:///{copy}")
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        try:
            yield House(engine).with_officers()
        finally:
            engine.dispose()


def live_through(house: House, world: World, story: Sequence[Step]) -> None:
    """Do the steps in the house and note in the world what they leave on record."""
    for kind, what in story:
        house.clock.advance(seconds=1)
        DEEDS[kind](house, world, what)
    house.settle()


def _post(house: House, world: World, rows: Sequence[Any]) -> None:
    house.post_notices(*rows)
    _in_any_order(world.post, rows)


def _put(house: House, world: World, rows: Sequence[Any]) -> None:
    house.put_entries(*rows)
    _in_any_order(world.put, rows)


def _in_any_order(take: Callable[[Any], None], rows: Sequence[Any]) -> None:
    for row in reversed(rows):
        take(row)


def _withdraw(house: House, world: World, name: str) -> None:
    known = world.withdraw(name, house.clock.now())
    try:
        withdraw_one(house.store, BLACKPOOL, name)
    except NotFoundError:
        assert not known


def _pump(house: House, _world: World, batch: int) -> None:
    Pump(house.store, house.pump._consumers, batch).run_once()


def _crash(house: House, _world: World, place: int) -> None:
    consumers = list(house.pump._consumers)
    consumers[place] = FallsOver(consumers[place])
    try:
        Pump(house.store, consumers).run_once()
    except InterruptedError:
        return


def _replay(house: House, _world: World, _: None) -> None:
    tell_everything_again(house)


DEEDS: dict[str, Callable[[House, World, Any], None]] = {
    "post": _post,
    "put": _put,
    "withdraw": _withdraw,
    "pump": _pump,
    "crash": _crash,
    "replay": _replay,
}


def at_risk(house: House) -> dict[str, tuple[Any, ...]]:
    """What each open danger comes to, whatever led to it."""
    return {
        name: (case.lines, case.level, case.harm_on) for name, case in cases_by_entry(house).items() if case.lines
    }


@MOST
@given(story=st.lists(steps, min_size=2, max_size=14))
def test_whatever_happens_the_matches_are_those_of_the_final_records(blank: Path, story: list[Step]) -> None:
    with fresh_house(blank) as house, fresh_house(blank) as anew:
        world = World(house.store.tokeniser)
        live_through(house, world, story)
        assert pairs(house) == world.expected()
        assert stale_matches(house) == 0

        anew.put_entries(*(one.row for one in world.entries.values() if one.live))
        anew.post_notices(*(_as_it_stands(one) for one in world.notices.values()))
        anew.settle()
        assert pairs(house) == pairs(anew)
        assert at_risk(house) == at_risk(anew)


@MOST
@given(
    versions=st.lists(st.one_of(notice_versions(), entry_versions()), min_size=2, max_size=12),
    data=st.data(),
)
def test_the_same_versions_in_two_orders_and_batchings_give_the_same_matches(
    blank: Path, versions: list[Any], data: st.DataObject
) -> None:
    with fresh_house(blank) as house, fresh_house(blank) as other:
        for row in versions:
            (house.post_notices if "id" in row else house.put_entries)(row)
            house.settle()
        shuffled = data.draw(st.permutations(versions))
        other.post_notices(*(row for row in shuffled if "id" in row))
        other.put_entries(*(row for row in shuffled if "id" not in row))
        other.settle()
        assert pairs(house) == pairs(other)
        assert at_risk(house) == at_risk(other)


def _as_it_stands(version: Any) -> Any:
    return {**version.row, "issued_at": version.stamp.isoformat()}
