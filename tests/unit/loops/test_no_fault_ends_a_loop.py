from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.embedded.runner import EmbeddedRunner, Loop
from services.storage.tables import quarantine
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.http import make_api_parts
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice
from tests.unit.loops.faults import A_FEW, EVERY, any_fault, kind_of

EMBEDDED = ("dispatcher", "engine", "deliveries", "missed", "closing", "drills")
WITHIN = 20.0
ROUNDS = 6


@pytest.mark.parametrize("fault", A_FEW, ids=kind_of)
@pytest.mark.parametrize("name", EMBEDDED)
def test_a_loop_of_the_one_process_outlives_a_fault_of_its_work(
    deployment: Deployment, name: str, fault: BaseException
) -> None:
    loop = named(EmbeddedRunner(make_api_parts(deployment)), name)
    work, faults, done = loop._work, [fault], Event()

    def failing_once() -> int:
        if faults:
            raise faults.pop()
        return work()

    def beat() -> None:
        done.set()

    loop._work, loop._beat, loop._seconds = failing_once, beat, 0.001
    loop.start()
    assert done.wait(WITHIN)
    assert (loop.alive, loop.failing) == (True, 0)
    assert loop.stop(WITHIN)


def named(runner: EmbeddedRunner, name: str) -> Loop:
    return next(loop for loop in runner.loops if loop.name == name)


@given(where=st.sampled_from(["work", "beat", "wake", "log"]), faults=st.lists(any_fault, min_size=1, max_size=4))
def test_no_fault_of_any_call_that_a_loop_makes_ends_it(where: str, faults: list[BaseException]) -> None:
    left = list(faults)

    def call(place: str) -> Callable[..., Any]:
        def called(*_: Any, **__: Any) -> int:
            if place == where and left:
                raise left.pop()
            if place == "work" and where == "log" and len(left) > 1:
                raise LookupError
            return 1

        return called

    then = Loop("deliveries", lambda: 0, 1.0)
    then.wake = call("wake")  # type: ignore[method-assign]
    loop = Loop("engine", call("work"), 1.0, then, call("beat"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("structlog.get_logger", call("log"))
        outcomes = [loop._survived(loop._step) for _ in range(len(faults) + 1)]
    assert outcomes[-1] is True
    assert (loop.failing, left[1:]) == (0, [])


@contextmanager
def failing_at(engine: Engine, number: int, fault: BaseException) -> Iterator[list[int]]:
    """Raise `fault` at the SQL statement `number`. Yield a list with one item: the number of statements so far."""
    count = [0]

    def before(*_: Any) -> None:
        count[0] += 1
        if count[0] == number:
            raise fault

    event.listen(engine, "before_cursor_execute", before)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", before)


@pytest.mark.slow
@settings(max_examples=25)
@given(number=st.integers(1, 70), fault=any_fault)
def test_a_council_is_told_whatever_fails_once_at_whichever_statement(number: int, fault: BaseException) -> None:
    with TemporaryDirectory() as folder:
        engine = sqlite_engine(Path(folder))
        try:
            the_council_is_told(Deployment(engine).with_officers(), number, fault)
        finally:
            engine.dispose()


def the_council_is_told(deployment: Deployment, number: int, fault: BaseException) -> None:
    runner = EmbeddedRunner(make_api_parts(deployment))
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    with failing_at(deployment.store.engine, number, fault):
        for _ in range(ROUNDS):
            for loop in runner.loops:
                loop._survived(loop._step)
            deployment.clock.advance(seconds=31)
    assert [loop.failing for loop in runner.loops] == [0] * len(EMBEDDED)
    # A fault that does not pass is blamed on the event. The event goes to quarantine, and an alert reports this.
    assert deployment.mails() or rows(deployment, quarantine)
    assert len(deployment.mails()) <= 1


def test_a_fault_of_the_machine_sets_no_event_aside(deployment: Deployment) -> None:
    dispatcher = Loop("dispatcher", EventDispatcher(deployment.store, deployment.consumers).run_once, 1.0)
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    passing = [fault for fault in A_FEW if not isinstance(fault, ValueError)]
    for number in range(1, 6):
        for fault in passing:
            with failing_at(deployment.store.engine, number, fault):
                dispatcher._survived(dispatcher._step)
    while dispatcher._survived(dispatcher._step):
        pass
    assert rows(deployment, quarantine) == []
    assert len(deployment.matches()) == 1


def test_the_faults_are_many() -> None:
    assert len(EVERY) > 60
