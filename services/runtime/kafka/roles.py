from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

import structlog

from services.core.errors import PullcordError
from services.runtime.bootstrap import Parts
from services.runtime.consumers import ConsumerRole
from services.runtime.embedded.runner import Loop, alerting, closing, delivering, drilling, loop_with_heartbeat
from services.runtime.health import BackgroundTask
from services.runtime.kafka.brokers.broker_check import BrokerCheck
from services.runtime.kafka.brokers.topics import make_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.outbox_listener import OutboxListener
from services.runtime.kafka.relay_supervisor import RelaySupervisor
from services.runtime.kafka.watchdog import Watchdog, end_process
from services.runtime.kafka.worker import Worker, make_worker
from services.runtime.logs import kind_of
from services.runtime.metrics_port import metrics_served
from services.storage.events.process import Consumer

log = structlog.get_logger()

STOPPING_SECONDS = 20.0

# Seconds that a relay gets for its step before the connection to the brokers is closed under it, which ends the step.
PUBLISHING_SECONDS = 5.0

# Seconds that a worker without a batch gets to leave its group.
LEAVING_SECONDS = 5.0
LOOK_SECONDS = 0.1

# A worker that has missed this number of canaries in a row is behind.
BEATS_MISSED = 3


class WorkerEndedError(PullcordError):
    """A worker ended without a request to stop."""

    permanent = False


# Waits for the database of a role. Returns False if a stop is requested meanwhile.
DatabaseWait = Callable[[Event], bool]


def run_relay(parts: Parts, settings: KafkaSettings, database_there: DatabaseWait) -> None:
    stop = stop_requested()
    supervisor = RelaySupervisor(parts.store, settings, timedelta(seconds=parts.settings.canary_seconds))
    loop = loop_with_heartbeat("relay", parts.store, supervisor.publishing_from, parts.settings.poll_seconds)
    # Without the listener, an event would wait up to `poll_seconds`.
    waker = OutboxListener(parts.store.engine, loop.wake)
    check = BrokerCheck(partial(make_topics, settings))
    # Health checks are answered even while the database or the brokers are down.
    with _answering(parts, [loop], check):
        if database_there(stop) and _brokers_reached(check, stop):
            with _running([loop], parts, supervisor.close):
                waker.start()
                log.info("serving", consumer="relay")
                stop.wait()
                waker.ask_to_stop()
            waker.stop()


def run_consumer(
    role: ConsumerRole, parts: Parts, settings: KafkaSettings, data_dir: Path, database_there: DatabaseWait
) -> None:
    # If `role.delivers`, the process also alerts councils and sends messages.
    stop = stop_requested()
    (consumer,) = (one for one in parts.consumers if one.name == role.name)
    worker = _worker(parts, consumer, settings, data_dir)
    loops: list[Loop] = []
    if role.delivers:
        deliveries = delivering(parts)
        engine = alerting(parts, deliveries)
        loops = [engine, deliveries, closing(parts), drilling(parts, deliveries)]
        worker.afterwards = engine.wake
    check = BrokerCheck(partial(make_topics, settings))
    try:
        with _answering(parts, [*loops, worker], check, worker):
            if not database_there(stop):
                return
            # Due alerts need no brokers, so the loops also run while the brokers are down.
            with _running(loops, parts):
                if _brokers_reached(check, stop):
                    asyncio.run(_work(parts, worker, stop))
    finally:
        if role.delivers:
            parts.dispatcher.close(STOPPING_SECONDS)
        if worker.abandoned:
            # The client's threads still wait for the brokers, and would keep the process for a minute.
            end_process(0)


def _worker(parts: Parts, consumer: Consumer, settings: KafkaSettings, data_dir: Path) -> Worker:
    folder = data_dir / "faust" / consumer.name
    # Faust writes to this folder even if it has no state to keep.
    folder.mkdir(parents=True, exist_ok=True)
    return make_worker(parts.store, consumer, settings, data_dir=str(folder))


async def _work(parts: Parts, worker: Worker, stop: Event) -> None:
    """Raises WorkerEndedError if the worker ends before `stop` is set."""
    watch = _watch_of(worker, parts)
    # Watch from before the start: a worker whose start hangs may hold partitions already.
    watch.start()
    stop_requested = asyncio.create_task(asyncio.to_thread(stop.wait))
    try:
        await _serve(worker, stop_requested)
        if not stop.is_set():
            # The process must end with its worker, so that its supervisor starts it again.
            raise WorkerEndedError(f"the worker of {worker.name} has ended by itself: start it again")
        watch.stop()
    finally:
        # Otherwise the thread that waits for `stop` would delay the end of the process.
        stop.set()
        await _stop(worker)
        watch.stop()


async def _stop(worker: Worker) -> None:
    # Without brokers the library waits a minute for answers that nobody needs: messages that a worker has not
    # acknowledged are received again, and events that it has handled are in the inbox.
    stopping, waited = asyncio.create_task(worker.app.stop()), 0.0
    while not stopping.done() and waited < (STOPPING_SECONDS if worker.at_work else LEAVING_SECONDS):
        await asyncio.wait([stopping], timeout=LOOK_SECONDS)
        waited += LOOK_SECONDS
    # A stop that failed, for example because the brokers hung up, leaves threads behind as well.
    if stopping.done() and stopping.exception() is None:
        return
    worker.abandoned = True
    log.warning("stop_abandoned", consumer=worker.name, seconds=round(waited))


async def _serve(worker: Worker, stop_requested: asyncio.Task[bool]) -> None:
    started = asyncio.create_task(worker.app.start())
    await asyncio.wait([started, stop_requested], return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        return
    if (error := started.exception()) is not None:
        raise WorkerEndedError(f"the worker of {worker.name} could not start: {kind_of(error)}") from error
    # From here on the worker knows which partitions it holds.
    worker.serving = True
    log.info("serving", consumer=worker.name)
    ended = asyncio.create_task(worker.app.wait_until_stopped())
    while not (ended.done() or stop_requested.done()):
        await asyncio.wait([ended, stop_requested], timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        if worker.refused is not None:
            raise worker.refused


def _watch_of(worker: Worker, parts: Parts) -> Watchdog:
    # More than one missed canary, since a canary may wait behind a long batch.
    behind = partial(worker.is_behind, timedelta(seconds=parts.settings.canary_seconds * BEATS_MISSED))
    return Watchdog(worker.name, worker.quiet_seconds, behind, parts.settings.stalled_seconds)


@contextmanager
def _running(loops: Sequence[Loop], parts: Parts, hurry: Callable[[], None] | None = None) -> Iterator[None]:
    # Each loop has a watchdog, because a step that hangs delays all later steps.
    watches = [Watchdog(loop.name, loop.busy_seconds, lambda: True, parts.settings.stalled_seconds) for loop in loops]
    for loop, watch in zip(loops, watches, strict=True):
        loop.start()
        watch.start()
    try:
        yield
    finally:
        for loop, watch in zip(loops, watches, strict=True):
            watch.stop()
            loop.ask_to_stop()
        if hurry is not None:
            for loop in loops:
                loop.stop(PUBLISHING_SECONDS)
            hurry()
        for loop in loops:
            loop.stop(STOPPING_SECONDS)


@contextmanager
def _answering(
    parts: Parts, tasks: Sequence[BackgroundTask], check: BrokerCheck, worker: Worker | None = None
) -> Iterator[None]:
    def faults() -> Iterator[str]:
        yield from check.faults()
        if worker is not None and not worker.serving:
            yield "the worker has not joined its group yet"

    with metrics_served(parts, tasks, faults=faults):
        yield


def _brokers_reached(check: BrokerCheck, stop: Event) -> bool:
    # The check goes on while the role runs: its result is part of the readiness.
    check.start()
    return check.reached(stop)


def stop_requested() -> Event:
    stop = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        # SIGTERM comes from Kubernetes and systemd, SIGINT from a keyboard.
        signal.signal(sign, lambda *_: stop.set())
    return stop
