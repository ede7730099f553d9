"""The embedded runner: one process, a few loops. Work to do is in the database; a loop only wakes to look for it."""

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

# Most seconds between two attempts while a fault that may pass (a locked or unreachable database) lasts.
LONGEST_WAIT = 30.0


# Seconds between two looks for a month that is over and whose figures are not yet counted.
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
        # A daemon, so that a step that hangs does not hold up the end of the process.
        self._thread = Thread(target=self._run, name=name, daemon=True)
        # The number of times in a row that the work has failed.
        self.failing = 0
        self._step_began_at: float | None = None

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def ask_to_stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def stop(self, timeout: float) -> bool:
        """Finish the step at hand and end. Returns False if that took longer than `timeout` seconds."""
        self.ask_to_stop()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Return False if it has ended. One that has yet to be started is alive."""
        # A thread without an identity was never started.
        return self._thread.ident is None or self._thread.is_alive()

    def busy_seconds(self) -> float:
        """Return the seconds that the step at hand has lasted; 0 between steps."""
        began = self._step_began_at
        return 0.0 if began is None else monotonic() - began

    def made_progress(self) -> None:
        # Called by the work when a part of a step is done. After a failure only a whole step counts.
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
        # Work that was done may have made work for the next loop.
        if done and self._then is not None:
            self._then.wake()
        self._beat()
        self.failing = 0
        return done

    def _rest(self) -> None:
        until = monotonic() + self._pause()
        # In parts, to beat meanwhile; a loop that fails gives no sign of life.
        while (left := until - monotonic()) > 0 and not self._wake.wait(min(left, BEAT_SECONDS)):
            if not self.failing and not self._survived(self._beat_once):
                break
        # Cleared only here: a wake-up that came during a step ends the next wait at once.
        self._wake.clear()

    def _beat_once(self) -> bool:
        self._beat()
        return True

    def _survived(self, step: Callable[[], bool]) -> bool:
        # A loop that ends would forget people: the fault is logged and waited out.
        try:
            return step()
        except BaseException as error:  # noqa: BLE001 - SystemExit and MemoryError end a thread as any other does
            self.failing += 1
            say_failed(self.name, error, attempt=self.failing)
            return False

    def _pause(self) -> float:
        if not self.failing:
            return self._seconds
        # A loop with a long rhythm must not wait that long after a fault.
        return delay(self.failing + 1, self._seconds, LONGEST_WAIT, SystemRandom().random())


def loop_with_heartbeat(
    name: str, store: Store, work_with: Callable[[Store], Callable[[], int]], seconds: float, then: Loop | None = None
) -> Loop:
    """Make a loop that writes its heartbeat into `store`, also within a step whenever its work commits something."""

    def made_progress() -> None:
        loop.made_progress()

    # The store needs the loop and the loop needs the store: the closure above ties them.
    loop = Loop(name, work_with(HeartbeatStore.over(store, made_progress)), seconds, then, Heartbeat(store, name))
    return loop


def delivering(parts: Parts) -> Loop:
    # A send that has ended wakes it.
    made = parts.dispatcher

    def work_with(store: Store) -> Callable[[], int]:
        made.store = store
        return parts.when_clock_is_right(made.run_due)

    loop = loop_with_heartbeat("deliveries", parts.store, work_with, _often(parts))
    made.when_ended = loop.wake
    return loop


def alerting(parts: Parts, then: Loop) -> Loop:
    def work_with(store: Store) -> Callable[[], int]:
        return parts.when_clock_is_right(replace(parts.engine, store=store).run_due)

    return loop_with_heartbeat("engine", parts.store, work_with, _often(parts), then)


def closing(parts: Parts) -> Loop:
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
        # No step of its own is long: a plain heartbeat after each is enough.
        looks_for_missed = Loop("missed", missed, parts.settings.canary_seconds, beat=Heartbeat(store, "missed"))
        self.loops = (self._events, engine, deliveries, looks_for_missed, closing(parts))

    def start(self) -> None:
        for loop in self.loops:
            loop.start()

    def wake(self) -> None:
        # Something new was written: there may be events.
        self._events.wake()

    def stop(self, timeout: float = 20.0) -> bool:
        """Finish the steps at hand and end. Returns False if some did not end within `timeout` seconds."""
        for loop in self.loops:
            loop.ask_to_stop()
        # All are asked first, so that they end at the same time and not one after the other.
        ended = [loop.stop(timeout) for loop in self.loops]
        # The sends under way are settled last; what did not end is carried on after a restart.
        return self._dispatcher.close(timeout) and all(ended)
