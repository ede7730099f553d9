"""The roles of a distributed deployment: what each process does until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import SystemRandom
from threading import Event

import structlog
from fastapi import FastAPI
from kafka.errors import KafkaError

from services.core.backoff import delay
from services.core.errors import PullcordError
from services.runtime.bootstrap import Parts
from services.runtime.consumers import ConsumerRole
from services.runtime.embedded.runner import LONGEST_WAIT, Loop, alerting, closing, delivering, loop_with_heartbeat
from services.runtime.health import BackgroundTask, add_health
from services.runtime.kafka.admin_client import BrokersError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.outbox_listener import OutboxListener
from services.runtime.kafka.relay_supervisor import RelaySupervisor
from services.runtime.kafka.topics import make_topics
from services.runtime.kafka.watchdog import Watchdog
from services.runtime.kafka.worker import Worker, make_worker
from services.runtime.server import listen, served
from services.storage.events.process import Consumer

log = structlog.get_logger()

STOPPING_SECONDS = 20.0
FIRST_WAIT = 0.5

# A worker that has missed this number of canaries in a row is behind.
BEATS_MISSED = 3


class WorkerEndedError(PullcordError):
    """A worker has ended though nobody stopped it."""

    permanent = False


def run_relay(parts: Parts, settings: KafkaSettings) -> None:
    stop = _stop_requested()
    supervisor = RelaySupervisor(parts.store, settings, timedelta(seconds=parts.settings.canary_seconds))
    loop = loop_with_heartbeat("relay", parts.store, supervisor.publishing_from, parts.settings.poll_seconds)
    # Without it an event would wait for the next look, up to `poll_seconds`.
    waker = OutboxListener(parts.store.engine, loop.wake)
    # Health is answered also while the brokers are away.
    with _answering(parts, [loop]):
        if _brokers_reached(settings, stop):
            with _running([loop], parts):
                waker.start()
                log.info("serving", consumer="relay")
                stop.wait()
                waker.stop()
            supervisor.close()


def run_consumer(role: ConsumerRole, parts: Parts, settings: KafkaSettings, data_dir: Path) -> None:
    """Handle the events of a consumer until stopped, and alert and deliver if that is its role."""
    stop = _stop_requested()
    (consumer,) = (one for one in parts.consumers if one.name == role.name)
    worker = _worker(parts, consumer, settings, data_dir)
    loops: list[Loop] = []
    if role.delivers:
        deliveries = delivering(parts)
        engine = alerting(parts, deliveries)
        loops = [engine, deliveries, closing(parts)]
        worker.afterwards = engine.wake
    try:
        # What is due needs no broker: the loops run while the brokers are away too.
        with _running(loops, parts), _answering(parts, [*loops, worker]):
            if _brokers_reached(settings, stop):
                asyncio.run(_work(parts, worker, stop))
    finally:
        if role.delivers:
            parts.dispatcher.close(STOPPING_SECONDS)


def _worker(parts: Parts, consumer: Consumer, settings: KafkaSettings, data_dir: Path) -> Worker:
    folder = data_dir / "faust" / consumer.name
    # Faust writes there whether it has something to keep or not.
    folder.mkdir(parents=True, exist_ok=True)
    return make_worker(parts.store, consumer, settings, data_dir=str(folder))


async def _work(parts: Parts, worker: Worker, stop: Event) -> None:
    """Let a worker work until a stop is requested. Raises WorkerEndedError when it ends by itself."""
    watch = _watch_of(worker, parts)
    # From before the start: one that does not come to its end may hold partitions already.
    watch.start()
    stop_requested = asyncio.create_task(asyncio.to_thread(stop.wait))
    try:
        await _serve(worker, stop_requested)
        if not stop.is_set():
            # Its process must end with it, so that whoever supervises the process starts it again.
            raise WorkerEndedError(f"the worker of {worker.name} has ended by itself: start it again")
        watch.stop()
    finally:
        # The thread that waits for it would hold up the end of the process.
        stop.set()
        await worker.app.stop()
        watch.stop()


async def _serve(worker: Worker, stop_requested: asyncio.Task[bool]) -> None:
    started = asyncio.create_task(worker.app.start())
    await asyncio.wait([started, stop_requested], return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        return
    # Raises what kept it from starting.
    started.result()
    # From here on the partitions it holds can be asked for.
    worker.serving = True
    log.info("serving", consumer=worker.name)
    ended = asyncio.create_task(worker.app.wait_until_stopped())
    await asyncio.wait([ended, stop_requested], return_when=asyncio.FIRST_COMPLETED)


def _watch_of(worker: Worker, parts: Parts) -> Watchdog:
    # More than one, since a canary may wait behind a long batch.
    behind = partial(worker.is_behind, timedelta(seconds=parts.settings.canary_seconds * BEATS_MISSED))
    return Watchdog(worker.name, worker.quiet_seconds, behind, parts.settings.stalled_seconds)


@contextmanager
def _running(loops: Sequence[Loop], parts: Parts) -> Iterator[None]:
    # Each is watched: a step that does not end holds up what must be done.
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
        for loop in loops:
            loop.stop(STOPPING_SECONDS)


@contextmanager
def _answering(parts: Parts, tasks: Sequence[BackgroundTask]) -> Iterator[None]:
    settings = parts.settings
    # Nobody has asked for it: no port is opened.
    if not settings.metrics_port:
        yield
        return
    app = FastAPI(openapi_url=None)
    add_health(app, parts.store, tasks, parts.pool)
    with listen(settings.host, settings.metrics_port) as listening, served(app, listening):
        yield


def _brokers_reached(settings: KafkaSettings, stop: Event) -> bool:
    """Wait until the brokers can be reached and have the topics. Returns False if a stop is requested meanwhile.

    Raises TopicsError.
    """
    attempt = 0
    while not stop.is_set():
        try:
            make_topics(settings)
        except (KafkaError, BrokersError) as error:
            # The text of a library may name hosts.
            why = str(error) if isinstance(error, BrokersError) else type(error).__name__
            attempt += 1
            wait = delay(attempt, FIRST_WAIT, LONGEST_WAIT, SystemRandom().random())
            log.warning("brokers_not_reached", error=why, seconds=round(wait, 1))
            stop.wait(wait)
        else:
            return True
    return False


def _stop_requested() -> Event:
    stop = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        # SIGTERM comes from Kubernetes and systemd, SIGINT from a keyboard.
        signal.signal(sign, lambda *_: stop.set())
    return stop
