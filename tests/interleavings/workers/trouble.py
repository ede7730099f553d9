from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from threading import Event
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

# Seconds between two tries.
A_MOMENT = 0.002
# More conflicts in a row than this are no coincidence.
TRIES = 200


def hold_up_at_random(engine: Engine, noise: Random, share: float, seconds: float) -> None:
    # A busy machine also delays statements and commits.
    def wait(*_: Any) -> None:
        if noise.random() < share:
            Event().wait(noise.uniform(0, seconds))

    event.listen(engine, "before_cursor_execute", wait)
    event.listen(engine, "commit", wait)


def until_it_is_done(work: Callable[[], object], who: str, conflicts: Counter[str]) -> None:
    for tries in range(1, TRIES + 1):
        try:
            work()
        except DBAPIError as conflict:
            conflicts[f"{who}: {type(conflict.orig).__name__}"] += 1
            Event().wait(A_MOMENT * min(tries, 10))
        else:
            return
    raise RuntimeError(f"{who}: no end of conflicts")
