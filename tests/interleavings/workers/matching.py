from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from random import Random
from typing import Any, Self

from sqlalchemy import Connection, Engine, event, select

from services.matcher.consumer import Matcher
from services.runtime.embedded.event_dispatcher import deliver
from services.storage.database.engine import make_engine
from services.storage.dialect import skipping_locked
from services.storage.events.outbox import StoredEvent, mark_published
from services.storage.store import Store
from services.storage.tables import outbox
from tests.interleavings.submissions.pace import Pace
from tests.interleavings.workers.trouble import A_MOMENT, until_it_is_done
from tests.support.clock import FrozenClock
from tests.support.deployment import make_store

MATCHERS = 2
# The share of handled events that stay in the outbox, as if a relay had died before it marked them.
SHARE_TWICE = 0.05
# The most transactions of the other matcher for which a matcher waits.
LONGEST_HOLD_UP = 20
# Seconds that a matcher waits for these transactions. The other matcher may have no work left.
PATIENCE = 0.5
# The most seconds from the last commit to the last match.
ENDED_WITHIN = 300
FIRST_OF_WRITING = ("FOR SHARE", "INSERT INTO matches", "UPDATE matches")

Prepare = Callable[[], None]
CONTEXT = get_context("spawn")


class Shared:
    def __init__(self) -> None:
        self.written = CONTEXT.Event()
        self.figures = CONTEXT.SimpleQueue()
        self.handled = CONTEXT.Value("q")
        self.got_on = CONTEXT.Condition()
        self.held_up = CONTEXT.Lock()

    def count_one(self) -> None:
        # A process may wait in `wait_for_others`.
        with self.got_on:
            self.handled.value += 1
            self.got_on.notify_all()

    def wait_for_others(self, transactions: int) -> None:
        # Only one process waits at a time.
        if not self.held_up.acquire(block=False):
            return
        with self.got_on:
            goal = self.handled.value + transactions
            self.got_on.wait_for(lambda: self.handled.value >= goal, PATIENCE)
        self.held_up.release()


@dataclass
class Matchers:
    url: str
    seed: int
    pace: Pace
    # Called first in each process.
    prepare: Prepare
    _shared: Shared = field(default_factory=Shared)
    _processes: list[BaseProcess] = field(default_factory=list)

    def __enter__(self) -> Self:
        for number in range(1, MATCHERS + 1):
            arguments = (self.url, self.seed + number, self.pace, self._shared, self.prepare)
            self._processes.append(CONTEXT.Process(target=_work, args=arguments, daemon=True))
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.join()

    def check(self) -> None:
        if not all(process.is_alive() for process in self._processes):
            raise RuntimeError("a matcher has died: its error is above")

    def finish(self) -> Counter[str]:
        self._shared.written.set()
        for process in self._processes:
            process.join(ENDED_WITHIN)
            assert process.exitcode == 0, "a matcher did not come to its end"
        return sum((self._shared.figures.get() for _ in self._processes), Counter())


def _work(url: str, seed: int, pace: Pace, shared: Shared, prepare: Prepare) -> None:
    prepare()
    noise, engine = Random(seed), make_engine(url)
    _hold_up_at_random(engine, noise, shared, pace.held_up)
    shared.figures.put(_match_all(make_store(engine, FrozenClock(), seed), noise, pace, shared))
    engine.dispose()


def _hold_up_at_random(engine: Engine, noise: Random, shared: Shared, share: float) -> None:
    def wait(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if any(words in statement for words in FIRST_OF_WRITING) and noise.random() < share:
            shared.wait_for_others(noise.randint(1, LONGEST_HOLD_UP))

    event.listen(engine, "before_cursor_execute", wait)


def _match_all(store: Store, noise: Random, pace: Pace, shared: Shared) -> Counter[str]:
    matcher, counts = Matcher(), Counter[str]()
    while True:
        all_is_written = shared.written.is_set()
        with store.writing() as connection:
            seen = _see(connection, noise, pace)
            events = _take(connection, seen, noise, pace, store, counts)
        if events:
            until_it_is_done(partial(deliver, store, matcher, events), "matching", counts)
            shared.count_one()
        elif not seen and all_is_written:
            return counts
        elif not seen:
            shared.written.wait(A_MOMENT)


def _see(connection: Connection, noise: Random, pace: Pace) -> list[StoredEvent]:
    row = outbox.c
    order = noise.choice((row.pk.asc(), row.pk.desc()))
    waiting = select(row.event_id, row.topic, row.body, row.pk).where(row.published_at.is_(None)).order_by(order)
    return [StoredEvent(*one) for one in connection.execute(skipping_locked(connection, waiting.limit(pace.seen)))]


def _take(
    connection: Connection, seen: list[StoredEvent], noise: Random, pace: Pace, store: Store, counts: Counter[str]
) -> list[StoredEvent]:
    # The events that are seen and not ours are marked too, so that those behind them are seen next.
    ours = [one for one in seen if one.topic in Matcher.topics]
    taken = noise.sample(ours, min(len(ours), noise.choice(pace.at_once)))
    again = [one for one in taken if noise.random() < SHARE_TWICE]
    mark_published(
        connection, [one for one in seen if one not in ours or (one in taken and one not in again)], store.now()
    )
    counts["events handled"] += len(taken)
    counts["of these to come again"] += len(again)
    return taken
