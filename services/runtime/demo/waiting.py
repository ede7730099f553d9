from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from time import perf_counter

from services.core.errors import PullcordError
from services.runtime.demo.demo_deployment import DemoDeployment
from services.runtime.demo.parties import GROUPING_SECONDS
from services.runtime.demo.store import count_owed, count_unhandled
from services.storage.events.outbox import count_unpublished

# Seconds after which a wait fails.
LONGEST_WAIT = 120.0
# Seconds between two checks of the condition.
A_MOMENT = 0.1


class StuckError(PullcordError):
    """The demonstration makes no progress."""


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition is true. Raises StuckError after LONGEST_WAIT seconds."""
    deadline = perf_counter() + LONGEST_WAIT
    while not condition():
        if perf_counter() > deadline:
            raise StuckError(f"after {LONGEST_WAIT:.0f} seconds it still waits until {what}")
        Event().wait(A_MOMENT)


def until_handled(demo: DemoDeployment) -> None:
    until(lambda: _is_handled(demo), "all is handled")


def until_delivered(demo: DemoDeployment) -> None:
    until(lambda: _is_delivered(demo), "everybody has been told")


def _is_handled(demo: DemoDeployment) -> bool:
    with demo.store.reading() as connection:
        return not count_unpublished(connection) and not any(count_unhandled(connection, one) for one in demo.consumers)


def _is_delivered(demo: DemoDeployment) -> bool:
    # A case that is due within the grouping time is about to be alerted.
    soon = demo.store.now() + timedelta(seconds=GROUPING_SECONDS)
    with demo.store.reading() as connection:
        return not count_owed(connection, soon)
