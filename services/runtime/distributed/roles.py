"""The roles of a distributed deployment: what each process does until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import structlog

from services.runtime.bootstrap import Parts
from services.runtime.distributed.kafka_settings import KafkaSettings
from services.runtime.distributed.relay import Relay, make_producer
from services.runtime.distributed.topics import make_topics
from services.runtime.distributed.waking import Waker
from services.runtime.distributed.worker import make_worker_app
from services.runtime.runner import Loop
from services.storage.process import Consumer

log = structlog.get_logger()

STOPPING_SECONDS = 20.0


def run_relay(parts: Parts, settings: KafkaSettings) -> None:
    """Tell the outbox to the brokers until stopped."""
    make_topics(settings)
    producer = make_producer(settings)
    loop = Loop("relay", Relay(parts.store, producer).run_once, parts.settings.poll_seconds)
    waker = Waker(parts.store.engine, loop.wake)
    with _running([loop]):
        waker.start()
        log.info("serving", consumer="relay")
        _until_stopped()
        waker.stop()
    producer.close()


def run_matcher(parts: Parts, settings: KafkaSettings, data_dir: Path) -> None:
    """Match what the topics tell until stopped."""
    make_topics(settings)
    asyncio.run(_work(parts, parts.matcher, settings, data_dir))


def run_alerts(parts: Parts, settings: KafkaSettings, data_dir: Path) -> None:
    """Keep cases, alert, and deliver until stopped."""
    make_topics(settings)
    seconds = parts.settings.poll_seconds
    loops = [Loop("engine", parts.engine.run_due, seconds), Loop("deliveries", parts.dispatcher.run_due, seconds)]
    with _running(loops):
        asyncio.run(_work(parts, parts.keeper, settings, data_dir))
        parts.pool.close(STOPPING_SECONDS)


async def _work(parts: Parts, consumer: Consumer, settings: KafkaSettings, data_dir: Path) -> None:
    folder = data_dir / "faust" / consumer.name
    folder.mkdir(parents=True, exist_ok=True)
    app = make_worker_app(parts.store, consumer, settings, data_dir=str(folder))
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    await app.start()
    log.info("serving", consumer=consumer.name)
    await stop.wait()
    await app.stop()


@contextmanager
def _running(loops: Sequence[Loop]) -> Iterator[None]:
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.stop(STOPPING_SECONDS)


def _until_stopped() -> None:
    stop = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    stop.wait()
