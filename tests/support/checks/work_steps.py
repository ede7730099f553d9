"""Measures some work: its steps, of which every machine counts as many, and the processor time that it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import thread_time
from types import FrameType
from typing import Any


def calls_of(work: Callable[[], object]) -> int:
    """Return the number of calls of functions, of Python and of C, that the work makes."""
    count = 0

    def step(_frame: FrameType, happening: str, _value: object) -> None:
        nonlocal count
        count += happening in ("call", "c_call")

    sys.setprofile(step)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def steps_of(work: Callable[[], object]) -> int:
    """Return the number of steps of the work: calls, returns and lines of Python, and calls of C functions."""
    count = 0

    def step(_frame: FrameType, _happening: str, _value: object) -> None:
        nonlocal count
        count += 1

    def line(_frame: FrameType, _happening: str, _value: object) -> Any:
        nonlocal count
        count += 1
        return line

    traced = sys.gettrace()
    sys.setprofile(step)
    sys.settrace(line)
    try:
        work()
    finally:
        sys.settrace(traced)
        sys.setprofile(None)
    return count


def seconds_of(work: Callable[[], object]) -> float:
    """Return the processor time of this thread for the work, in seconds: the least of three tries.

    Other work on the machine does not count. A millisecond is added, so that noise in short times does not matter.
    """

    def once() -> float:
        began = thread_time()
        work()
        return thread_time() - began

    return min(once() for _ in range(3)) + 0.001
