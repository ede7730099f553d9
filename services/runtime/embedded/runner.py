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

# The most seconds between two attempts during a passing fault, such as a locked or unreachable database.
LONGEST_WAIT = 30.0


# Seconds between two checks for a month that has ended and whose figures are not yet counted.
CLOSING_SECONDS = 600.0

# Seconds between two looks for drills that are due.
DRILL_SECONDS = 60.0


class Loop:
    """Repeats its work in a thread. After a fault, the thread waits and tries again."""

    # After a result of 0, the thread waits. After another result, it wakes `then`.

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
        # A daemon thread, so that a step that hangs does not delay the end of the process.
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
        """Return False if the current step takes longer than `timeout` seconds."""
        self.ask_to_stop()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Return True for a loop that is running or has not started yet, and False for a loop that has ended."""
        # A thread without an identity was never started.
        return self._thread.ident is None or self._thread.is_alive()

    def busy_seconds(self) -> float:
        """Return the seconds since the current step began, or 0 if no step is running."""
        began = self._step_began_at
        return 0.0 if began is None else monotonic() - began

    def made_progress(self) -> None:
        # The work calls this when a part of a step is done. After a failure only a complete step counts.
        if not self.failing:
            # The work is done, even if the heartbeat cannot be stored.
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
        # Wait in parts, to send heartbeats between them. A loop that fails sends none.
        while (left := until - monotonic()) > 0 and not self._wake.wait(min(left, BEAT_SECONDS)):
            if not self.failing and not self._survived(self._beat_once):
                break
        # Cleared only here, so that a wake-up during a step ends the next wait at once.
        self._wake.clear()

    def _beat_once(self) -> bool:
        self._beat()
        return True

    def _survived(self, step: Callable[[], bool]) -> bool:
        # A loop that ended would leave residents without alerts, so the fault is logged and the loop goes on.
        try:
            return step()
        except BaseException as error:  # noqa: BLE001 - SystemExit and MemoryError end a thread as any other does
            self.failing += 1
            say_failed(self.name, error, attempt=self.failing)
            return False

    def _pause(self) -> float:
        if not self.failing:
            return self._seconds
        # A loop with a long interval must try again sooner after a fault.
        return delay(self.failing + 1, self._seconds, LONGEST_WAIT, SystemRandom().random())


def loop_with_heartbeat(
    name: str, store: Store, work_with: Callable[[Store], Callable[[], int]], seconds: float, then: Loop | None = None
) -> Loop:
    def made_progress() -> None:
        loop.made_progress()

    # The store needs the loop and the loop needs the store: the closure above ties them.
    loop = Loop(name, work_with(HeartbeatStore.over(store, made_progress)), seconds, then, Heartbeat(store, name))
    return loop


def delivering(parts: Parts) -> Loop:
    # The end of each send wakes this loop.
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


def drilling(parts: Parts, then: Loop) -> Loop:
    # Apart from the engine, so that no fault of a drill delays an alert.
    work = parts.when_clock_is_right(parts.drills.run_once)
    return Loop("drills", work, DRILL_SECONDS, then, beat=Heartbeat(parts.store, "drills"))


def _often(parts: Parts) -> float:
    return parts.settings.poll_seconds


class EmbeddedRunner:
    def __init__(self, parts: Parts) -> None:
        store, consumers = parts.store, parts.consumers
        self._dispatcher = parts.dispatcher
        deliveries = delivering(parts)
        engine = alerting(parts, deliveries)
        self._events = loop_with_heartbeat(
            "dispatcher", store, lambda kept: EventDispatcher(kept, consumers).run_once, _often(parts), engine
        )
        missed = partial(republish_missed_to, store, consumers)
        # The steps of this loop are short, so a heartbeat after each step is enough.
        looks_for_missed = Loop("missed", missed, parts.settings.canary_seconds, beat=Heartbeat(store, "missed"))
        self.loops = (self._events, engine, deliveries, looks_for_missed, closing(parts), drilling(parts, deliveries))

    def start(self) -> None:
        for loop in self.loops:
            loop.start()

    def wake(self) -> None:
        # Called after a write, which may have added events.
        self._events.wake()

    def stop(self, timeout: float = 20.0) -> bool:
        """Return False if a step or a send takes longer than `timeout` seconds."""
        for loop in self.loops:
            loop.ask_to_stop()
        # All loops are asked first, so that they end in parallel.
        ended = [loop.stop(timeout) for loop in self.loops]
        # The current sends are settled last. After a restart those that did not end are continued.
        return self._dispatcher.close(timeout) and all(ended)
