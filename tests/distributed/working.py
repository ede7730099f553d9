from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from kafka import KafkaAdminClient
from sqlalchemy import select

from schemas.envelope import Envelope
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.worker import Worker, make_worker
from services.storage.events.process import Consumer, Effects
from services.storage.store import Store
from services.storage.tables import inbox
from services.storage.unit_of_work import UnitOfWork

# Clients that fail, and several workers in one process, leave sockets and loops open. That is no fault of our code.
LITTER = pytest.mark.filterwarnings("ignore:unclosed (<s|event loop):ResourceWarning")

# Seconds in which a worker starts or stops.
WITHIN = 40.0


@dataclass
class Listener:
    name: str
    topics: tuple[str, ...]
    # Called before the consumer handles a batch.
    first: Callable[[], None] = lambda: None
    heard: list[str] = field(default_factory=list)

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        self.first()
        self.heard += [event.id for event in events]
        return Effects()


class Working:
    def __init__(self, store: Store, consumer: Consumer, settings: KafkaSettings, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="faust", daemon=True)
        self._thread.start()
        self._stopping: Future[Any] | None = None
        self.worker: Worker = self._run(self._made(store, consumer, settings, folder)).result(WITHIN)

    def start(self) -> None:
        # The worker's error is raised if the start fails.
        self._run(self.worker.app.start()).result(WITHIN)

    def stop(self) -> Future[Any]:
        """The future is done after the worker has stopped."""
        self._stopping = self._stopping or self._run(self.worker.app.stop())
        return self._stopping

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN)
        self._loop.close()

    def _run(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    @staticmethod
    async def _made(store: Store, consumer: Consumer, settings: KafkaSettings, folder: Path) -> Worker:
        return make_worker(store, consumer, settings, data_dir=str(folder))


@contextmanager
def working(store: Store, consumer: Consumer, settings: KafkaSettings, folder: Path) -> Iterator[Working]:
    made = Working(store, consumer, settings, folder)
    try:
        made.start()
        yield made
    finally:
        try:
            made.stop().result(WITHIN)
        finally:
            made.end()


def acknowledged(settings: KafkaSettings, consumer: Consumer) -> int:
    group = f"pullcord-{consumer.name}"
    admin = KafkaAdminClient(**settings.client())
    try:
        offsets = admin.list_group_offsets(group)[group]
    finally:
        admin.close()
    return sum(at.offset for at in offsets.values())


def handled(store: Store, consumer: Consumer) -> set[str]:
    with store.reading() as connection:
        return set(connection.scalars(select(inbox.c.event_id).where(inbox.c.consumer == consumer.name)))
