"""Runs the matcher and the cases in a process of their own, as `pullcord serve` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Final

from services.alerts.states.rules import load_ruleset
from services.core.tokens import Tokeniser
from services.runtime.consumers import make_consumers
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.gauges.collector import calm
from services.storage.database.engine import make_engine
from services.storage.store import Store
from services.storage.vault import Vault

CORES: Final = len(os.sched_getaffinity(0))
_NOW: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)
# Seconds between two looks for events.
_POLL: Final = 0.05


class _StoppedClock:
    # So that a run depends on the seed alone.
    def now(self) -> datetime:
        return _NOW


def make_store(url: str) -> Store:
    return Store(make_engine(url), Vault({"k": b"k" * 32}, "k"), Tokeniser(b"t" * 32), _StoppedClock())


@contextmanager
def matching(url: str) -> Iterator[Callable[[], None]]:
    """Match while the rows are posted. The function that is yielded waits until every event is handled."""
    processes = get_context("spawn")
    ready, all_posted = processes.Event(), processes.Event()
    matcher = processes.Process(target=_match, args=(url, ready, all_posted))
    matcher.start()

    def match_the_rest() -> None:
        all_posted.set()
        matcher.join()
        if matcher.exitcode:
            raise RuntimeError(f"the process that matches ended with {matcher.exitcode}")

    try:
        ready.wait()
        yield match_the_rest
    finally:
        matcher.kill()


def _match(url: str, ready: Event, all_posted: Event) -> None:
    calm()
    dispatcher = EventDispatcher(make_store(url), make_consumers(load_ruleset("pstn-2026")))
    ready.set()
    while True:
        # Asked first: events that are posted between the two calls are handled by the next pass.
        is_last = all_posted.is_set()
        found = dispatcher.run_once()
        if is_last and not found:
            return
        if not found:
            all_posted.wait(_POLL)
