from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_of(work: Callable[[], object]) -> int:
    # Functions in Python and in C count alike.
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
