from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TextIO

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from services.runtime import logs
from services.runtime.embedded.runner import Loop
from services.runtime.log_writer import DROPPED
from tests.support.http import NOTICES, Api, api

__all__ = ["api"]

FAULTS = (OSError, ValueError, MemoryError, SystemExit, KeyboardInterrupt, RecursionError, GeneratorExit)


def full_disk() -> TextIO:
    return Path("/dev/full").open("w", encoding="utf-8")


def closed_pipe() -> TextIO:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


def pipe_that_nobody_reads() -> TextIO:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    while True:
        try:
            os.write(writing, b"." * 65_536)
        except BlockingIOError:
            break
    os.set_blocking(writing, True)
    made = os.fdopen(writing, "w")
    # The reader stays open and reads nothing.
    made.kept = reading  # type: ignore[attr-defined]
    return made


def closed_stream() -> TextIO:
    made = full_disk()
    made.close()
    return made


@pytest.fixture(params=[full_disk, closed_pipe, pipe_that_nobody_reads, closed_stream])
def unwritable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Logging is set up as in the service.
    make: Callable[[], TextIO] = request.param
    log = make()
    monkeypatch.setattr(sys, "stderr", log)
    before = structlog.get_config()
    logs.configure("serve")
    yield
    structlog.configure(**before)
    with suppress(OSError):
        log.close()


@pytest.mark.usefixtures("unwritable")
def test_a_line_that_cannot_be_written_is_counted_and_neither_raises_nor_waits() -> None:
    lost = DROPPED._value.get()
    structlog.get_logger().error("step_failed", consumer="engine", error="OperationalError")
    assert DROPPED._value.get() == lost + 1


@pytest.mark.usefixtures("unwritable")
def test_a_loop_outlives_a_fault_that_cannot_be_logged() -> None:
    done, steps = Event(), iter([OSError(), MemoryError()])

    def work() -> int:
        fault = next(steps, None)
        if fault is not None:
            raise fault
        done.set()
        return 0

    loop = Loop("engine", work, 0.001)
    loop.start()
    assert done.wait(20)
    assert loop.alive
    assert loop.stop(20)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(FAULTS), max_size=4))
def test_no_sequence_of_faults_ends_a_loop(faults: list[type[BaseException]]) -> None:
    loop, left = Loop("engine", lambda: 0, 0.001), list(faults)

    def work() -> int:
        if left:
            raise left.pop()
        return 0

    loop._work = work
    for _ in faults:
        assert loop._survived(loop._step) is False
    assert (loop.failing, loop._survived(loop._step)) == (len(faults), False)
    assert loop.failing == 0


@pytest.mark.usefixtures("unwritable")
def test_a_post_that_was_committed_is_answered_with_its_receipt_also_a_second_time(api: Api) -> None:
    body = json.dumps([{"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03"}])
    headers = {"Idempotency-Key": "once", "Content-Type": "application/json"}
    first, again = (api.ask("raven", "POST", NOTICES, content=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["submission"] == first.json()["submission"]
