"""Waits until what came in has been handled and what is owed has been sent; no wait is without end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from time import perf_counter

from sqlalchemy import func, select

from services.core.errors import PullcordError
from services.runtime.demo.demo_deployment import DemoDeployment
from services.runtime.demo.parties import GROUPING_SECONDS
from services.storage.events.process import Consumer
from services.storage.tables import cases, deliveries, inbox, outbox

LONGEST_WAIT = 120.0
"""Seconds."""
A_MOMENT = 0.1
"""Seconds between two looks."""


class StuckError(PullcordError):
    """The demonstration does not get on."""


def until(condition: Callable[[], bool], what: str) -> None:
    """Look until the condition holds.

    Raises StuckError when it does not in all that time; `what` says what was waited for.
    """
    deadline = perf_counter() + LONGEST_WAIT
    while not condition():
        if perf_counter() > deadline:
            raise StuckError(f"after {LONGEST_WAIT:.0f} seconds it still waits until {what}")
        Event().wait(A_MOMENT)


def until_handled(demo: DemoDeployment) -> None:
    """Until every event has been told, and handled by everybody who listens to it."""
    until(lambda: not _unpublished(demo) and not any(unhandled(demo, one) for one in demo.consumers), "all is handled")


def until_delivered(demo: DemoDeployment) -> None:
    """Until no message is owed now: none still to be sent, and no case about to be told of."""
    until(lambda: not _owed(demo), "everybody has been told")


def unhandled(demo: DemoDeployment, consumer: Consumer) -> int:
    """How many events a consumer has still to handle."""
    handled = select(inbox.c.event_id).where(inbox.c.consumer == consumer.name)
    heard = outbox.c.topic.in_(consumer.topics)
    query = select(func.count()).select_from(outbox).where(heard, outbox.c.event_id.not_in(handled))
    with demo.store.reading() as connection:
        return connection.scalar(query) or 0


def _unpublished(demo: DemoDeployment) -> int:
    with demo.store.reading() as connection:
        return connection.scalar(select(func.count()).where(outbox.c.published_at.is_(None))) or 0


def _owed(demo: DemoDeployment) -> int:
    soon = demo.store.now() + timedelta(seconds=GROUPING_SECONDS)
    queries = (
        select(func.count()).where(cases.c.due_at <= soon),
        select(func.count()).where(deliveries.c.due_at.is_not(None)),
    )
    with demo.store.reading() as connection:
        return sum(connection.scalar(query) or 0 for query in queries)
