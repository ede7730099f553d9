from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, TextIO

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from services.runtime import logs
from services.runtime.log_writer import DROPPED, LineWriter
from tests.unit.loops.faults import any_fault


def lost() -> int:
    return int(DROPPED._value.get())


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    # The first end is for reading, and the second for writing.
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        yield reading, stream
    os.close(reading)


def test_a_line_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        writer = LineWriter(stream)
        writer.msg("one")
        writer.msg("two")
    assert path.read_text() == "one\ntwo\n"


def test_a_stream_without_a_file_takes_lines_too() -> None:
    stream = io.StringIO()
    LineWriter(stream).msg("one")
    assert stream.getvalue() == "one\n"


def test_where_there_is_no_stream_lines_are_counted_as_lost() -> None:
    before = lost()
    LineWriter(None).msg("one")
    assert lost() == before + 1


def test_a_line_too_long_to_be_written_at_once_is_lost_whole_and_the_next_is_not() -> None:
    before = lost()
    with pipe() as (reading, stream):
        writer = LineWriter(stream)
        writer.msg("x" * select.PIPE_BUF)
        writer.msg("x" * (select.PIPE_BUF - 1))
        assert os.read(reading, 2 * select.PIPE_BUF) == b"x" * (select.PIPE_BUF - 1) + b"\n"
    assert lost() == before + 1


def test_what_a_full_disk_has_torn_off_is_ended_before_the_next_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write, room, before = tmp_path / "log", os.write, [3, 0], lost()

    def short(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[: room.pop(0)]) if room else write(descriptor, data)

    monkeypatch.setattr(os, "write", short)
    with path.open("w") as stream:
        writer = LineWriter(stream)
        for line in ("a long line", "another", "the last", "one more"):
            writer.msg(line)
    assert path.read_text() == "a l\nthe last\none more\n"
    assert lost() == before + 2


def test_a_reader_that_has_stopped_is_not_waited_for_and_one_that_goes_on_gets_whole_lines() -> None:
    before, line = lost(), "x" * 999
    with pipe() as (reading, stream):
        writer = LineWriter(stream)
        for _ in range(1_000):
            writer.msg(line)
        missed = lost() - before
        assert 0 < missed < 1_000
        read = b""
        while len(read) < (1_000 - missed) * 1_000:
            read += os.read(reading, 65_536)
        assert set(read.decode().split()) == {line}
        writer.msg("again")
        assert os.read(reading, 100) == b"again\n"


def test_a_line_that_hangs_holds_up_no_other_thread() -> None:
    never, began = Event(), Event()

    class Hanging(io.StringIO):
        def write(self, text: str, /) -> int:
            if text == "first\n":
                began.set()
                never.wait()
            return super().write(text)

    before = lost()
    writer = LineWriter(Hanging())
    first = Thread(target=writer.msg, args=("first",), daemon=True)
    first.start()
    assert began.wait(20)
    writer.msg("second")
    assert lost() == before + 1
    never.set()
    first.join(20)


@given(fault=any_fault.filter(lambda fault: isinstance(fault, Exception)), where=st.sampled_from(["fileno", "write"]))
def test_no_fault_of_a_stream_is_raised(fault: Exception, where: str) -> None:
    class Broken(io.StringIO):
        def fileno(self) -> int:
            if where == "fileno":
                raise fault.with_traceback(None)
            return super().fileno()

        def write(self, _text: str, /) -> int:
            raise fault.with_traceback(None)

    before = lost()
    LineWriter(Broken()).msg("one")
    assert lost() == before + 1


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    # Logging is set up as for `serve`.
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before = structlog.get_config()
    logs.configure("serve")
    yield stream
    structlog.configure(**before)


def test_what_cannot_be_put_into_words_is_counted_and_not_raised(told: io.StringIO) -> None:
    class Unspeakable:
        def __repr__(self) -> str:
            raise LookupError

    before = lost()
    structlog.get_logger().error("step_failed", error=Unspeakable())
    structlog.get_logger().error("step_failed", error="OSError")
    assert lost() == before + 1
    assert told.getvalue().count("\n") == 1


def test_a_failed_step_is_said_by_its_kind_and_never_by_its_text(told: io.StringIO) -> None:
    logs.say_failed("engine", LookupError("01632 960123"), attempt=3)
    assert '"error": "LookupError"' in told.getvalue()
    assert '"attempt": 3' in told.getvalue()
    assert "960123" not in told.getvalue()


def test_a_library_that_says_what_cannot_be_read_harms_nobody(told: io.StringIO) -> None:
    handler, before = logs._LibraryHandler(), lost()
    record: Any = object()
    handler.emit(record)
    assert (lost(), told.getvalue()) == (before + 1, "")
