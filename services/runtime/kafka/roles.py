"""The roles of a distributed deployment. A process runs one role until it is stopped."""

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
from kafka.errors import KafkaError

from services.core.backoff import delay
from services.core.errors import PullcordError
from services.runtime.bootstrap import Parts
from services.runtime.consumers import ConsumerRole
from services.runtime.embedded.runner import LONGEST_WAIT, Loop, alerting, closing, delivering, loop_with_heartbeat
from services.runtime.kafka.admin_client import BrokersError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.outbox_listener import OutboxListener
from services.runtime.kafka.relay_supervisor import RelaySupervisor
from services.runtime.kafka.topics import make_topics
from services.runtime.kafka.watchdog import Watchdog
from services.runtime.kafka.worker import Worker, make_worker
from services.runtime.metrics_port import metrics_served
from services.storage.events.process import Consumer

log = structlog.get_logger()

STOPPING_SECONDS = 20.0
FIRST_WAIT = 0.5

# A worker that has missed this number of canaries in a row is behind.
BEATS_MISSED = 3


class WorkerEndedError(PullcordError):
    """A worker has ended although nobody stopped it."""

    permanent = False


def run_relay(parts: Parts, settings: KafkaSettings) -> None:
    stop = _stop_requested()
    supervisor = RelaySupervisor(parts.store, settings, timedelta(seconds=parts.settings.canary_seconds))
    loop = loop_with_heartbeat("relay", parts.store, supervisor.publishing_from, parts.settings.poll_seconds)
    # Without the listener, an event would wait up to `poll_seconds`.
    waker = OutboxListener(parts.store.engine, loop.wake)
    # Health checks are answered even while the brokers are down.
    with metrics_served(parts, [loop]):
        if _brokers_reached(settings, stop):
            with _running([loop], parts):
                waker.start()
                log.info("serving", consumer="relay")
                stop.wait()
                waker.stop()
            supervisor.close()


def run_consumer(role: ConsumerRole, parts: Parts, settings: KafkaSettings, data_dir: Path) -> None:
    """Run a consumer until the process is stopped. If `role.delivers`, also alert councils and send messages."""
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
        # Due alerts need no brokers, so the loops also run while the brokers are down.
        with _running(loops, parts), metrics_served(parts, [*loops, worker]):
            if _brokers_reached(settings, stop):
                asyncio.run(_work(parts, worker, stop))
    finally:
        if role.delivers:
            parts.dispatcher.close(STOPPING_SECONDS)


def _worker(parts: Parts, consumer: Consumer, settings: KafkaSettings, data_dir: Path) -> Worker:
    folder = data_dir / "faust" / consumer.name
    # Faust writes to this folder even if it has no state to keep.
    folder.mkdir(parents=True, exist_ok=True)
    return make_worker(parts.store, consumer, settings, data_dir=str(folder))


async def _work(parts: Parts, worker: Worker, stop: Event) -> None:
    """Run a worker until a stop is requested. Raises WorkerEndedError if the worker ends by itself."""
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
        await worker.app.stop()
        watch.stop()


async def _serve(worker: Worker, stop_requested: asyncio.Task[bool]) -> None:
    started = asyncio.create_task(worker.app.start())
    await asyncio.wait([started, stop_requested], return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        return
    # Raises the error if the start failed.
    started.result()
    # From here on the worker knows which partitions it holds.
    worker.serving = True
    log.info("serving", consumer=worker.name)
    ended = asyncio.create_task(worker.app.wait_until_stopped())
    await asyncio.wait([ended, stop_requested], return_when=asyncio.FIRST_COMPLETED)


def _watch_of(worker: Worker, parts: Parts) -> Watchdog:
    # More than one missed canary, since a canary may wait behind a long batch.
    behind = partial(worker.is_behind, timedelta(seconds=parts.settings.canary_seconds * BEATS_MISSED))
    return Watchdog(worker.name, worker.quiet_seconds, behind, parts.settings.stalled_seconds)


@contextmanager
def _running(loops: Sequence[Loop], parts: Parts) -> Iterator[None]:
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
        for loop in loops:
            loop.stop(STOPPING_SECONDS)


def _brokers_reached(settings: KafkaSettings, stop: Event) -> bool:
    """Wait until the brokers can be reached and have the topics. Return False if a stop is requested meanwhile.

    Raises TopicsError if a topic has too few partitions.
    """
    attempt = 0
    while not stop.is_set():
        try:
            make_topics(settings)
        except (KafkaError, BrokersError) as error:
            # The text of a KafkaError may name hosts, so only its type is logged.
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
