"""The embedded runner: one process, a few loops. What must be done is in the database; a loop only wakes to look."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from random import SystemRandom
from threading import Event, Thread
from time import monotonic

from services.core.backoff import delay
from services.runtime.bootstrap import Parts
from services.runtime.embedded.event_dispatcher import EventDispatcher, republish_missed_to
from services.runtime.embedded.heartbeat import BEAT_SECONDS, Heartbeat, HeartbeatStore
from services.runtime.logs import say_failed
from services.storage.store import Store

# Seconds between tries while something that may pass (a locked or unreachable database) keeps failing.
LONGEST_WAIT = 30.0


# How often it looks whether a month is over whose figures are to be counted.
CLOSING_SECONDS = 600.0


class Loop:
    """Calls `work` until it returns 0, then waits for `seconds` or to be woken; a fault of any kind is waited out.

    Work that was done makes work for the loop `then`, which is woken. `beat` is called after each step that did not
    fail, within one whenever the work says that it gets on and, while the loop waits, every BEAT_SECONDS. Only `stop`
    ends it.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], int],
        seconds: float,
        then: Loop | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._work = work
        self._seconds = seconds
        self._then = then
        self._beat = beat
        self._wake = Event()
        self._stop = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        # How many times in a row the work has failed.
        self.failing = 0
        self._step_began_at: float | None = None

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def ask_to_stop(self) -> None:
        """Have it end after the step at hand."""
        self._stop.set()
        self._wake.set()

    def stop(self, timeout: float) -> bool:
        """Finish the step at hand and end. Whether it ended in time."""
        self.ask_to_stop()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether it has not ended: it goes on, or has yet to be started."""
        return self._thread.ident is None or self._thread.is_alive()

    def busy_seconds(self) -> float:
        """How long the step at hand has lasted; 0 between steps."""
        began = self._step_began_at
        return 0.0 if began is None else monotonic() - began

    def made_progress(self) -> None:
        """Called by the work when a part of a step is done. A step that follows a failed one has yet to show that."""
        if not self.failing:
            # It is done, whatever becomes of saying so.
            with suppress(Exception):
                self._beat()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._step_began_at = monotonic()
            done = self._survived(self._step)
            self._step_began_at = None
            if not done:
                self._rest()

    def _step(self) -> bool:
        done = self._work() > 0
        if done and self._then is not None:
            self._then.wake()
        self._beat()
        self.failing = 0
        return done

    def _rest(self) -> None:
        until = monotonic() + self._pause()
        while (left := until - monotonic()) > 0 and not self._wake.wait(min(left, BEAT_SECONDS)):
            if not self.failing and not self._survived(self._beat_once):
                break
        self._wake.clear()

    def _beat_once(self) -> bool:
        self._beat()
        return True

    def _survived(self, step: Callable[[], bool]) -> bool:
        """What a step returns; False if it failed. A loop that dies forgets people: say it, wait, try again."""
        try:
            return step()
        except BaseException as error:  # noqa: BLE001 - SystemExit and MemoryError end a thread as any other does
            self.failing += 1
            say_failed(self.name, error, attempt=self.failing)
            return False

    def _pause(self) -> float:
        if not self.failing:
            return self._seconds
        return delay(self.failing + 1, self._seconds, LONGEST_WAIT, SystemRandom().random())


def loop_with_heartbeat(
    name: str, store: Store, work_with: Callable[[Store], Callable[[], int]], seconds: float, then: Loop | None = None
) -> Loop:
    """A loop whose signs of life are in `store`: also within a step, whenever its work has committed something."""

    def made_progress() -> None:
        loop.made_progress()

    loop = Loop(name, work_with(HeartbeatStore.over(store, made_progress)), seconds, then, Heartbeat(store, name))
    return loop


def delivering(parts: Parts) -> Loop:
    """Makes the deliveries that are due. It is woken when a send has ended."""
    made = parts.dispatcher

    def work_with(store: Store) -> Callable[[], int]:
        made.store = store
        return parts.when_clock_is_right(made.run_due)

    loop = loop_with_heartbeat("deliveries", parts.store, work_with, _often(parts))
    made.when_ended = loop.wake
    return loop


def alerting(parts: Parts, then: Loop) -> Loop:
    """Looks at the cases that are due."""

    def work_with(store: Store) -> Callable[[], int]:
        return parts.when_clock_is_right(replace(parts.engine, store=store).run_due)

    return loop_with_heartbeat("engine", parts.store, work_with, _often(parts), then)


def closing(parts: Parts) -> Loop:
    """Closes months."""
    return Loop("closing", parts.closer.run_once, CLOSING_SECONDS, beat=Heartbeat(parts.store, "closing"))


def _often(parts: Parts) -> float:
    return parts.settings.poll_seconds


class EmbeddedRunner:
    """Runs matcher, alerts and deliveries beside the API."""

    def __init__(self, parts: Parts) -> None:
        store, consumers = parts.store, parts.consumers
        self._dispatcher = parts.dispatcher
        deliveries = delivering(parts)
        engine = alerting(parts, deliveries)
        self._events = loop_with_heartbeat(
            "dispatcher", store, lambda kept: EventDispatcher(kept, consumers).run_once, _often(parts), engine
        )
        missed = partial(republish_missed_to, store, consumers)
        looks_for_missed = Loop("missed", missed, parts.settings.canary_seconds, beat=Heartbeat(store, "missed"))
        self.loops = (self._events, engine, deliveries, looks_for_missed, closing(parts))

    def start(self) -> None:
        """Start the loops."""
        for loop in self.loops:
            loop.start()

    def wake(self) -> None:
        """Say that there is something new."""
        self._events.wake()

    def stop(self, timeout: float = 20.0) -> bool:
        """Finish the steps at hand and end. Whether all ended in time; what did not is carried on after a restart."""
        for loop in self.loops:
            loop.ask_to_stop()
        ended = [loop.stop(timeout) for loop in self.loops]
        return self._dispatcher.close(timeout) and all(ended)
