"""A Faust worker: hands what comes off the topics to a consumer's `process()`, and never loses a message.

Faust never comes to lose one: nothing is raised out of an agent (that would acknowledge the
message), a passing fault is waited out while the message stays unacknowledged, an event that can never be handled is
quarantined, and a worker asked to stop finishes the batch at hand before its messages are acknowledged. State is in
the database, never in Faust.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import SystemRandom
from time import monotonic
from typing import Any

import faust
from aiokafka.helpers import create_ssl_context

from schemas.canary import Canary
from services.core.backoff import delay
from services.runtime.embedded.event_dispatcher import deliver
from services.runtime.kafka.canary import CANARY_KEY
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.offset_recovery import RewindingApp
from services.runtime.kafka.relay import ID_HEADER
from services.runtime.logs import say_failed
from services.storage.events.canaries import note_heard, unheard
from services.storage.events.outbox import StoredEvent
from services.storage.events.process import Consumer
from services.storage.store import Store

# Events (of up to 500 records each) in one transaction.
BATCH = 12

# Seconds that a batch that is not full waits for more.
WITHIN_SECONDS = 0.05

FIRST_WAIT, LONGEST_WAIT = 0.1, 30.0

EVENT_ID = re.compile(r"[0-9a-f]{32}")

# Heartbeats of a worker within the time after which the broker would give it up.
HEARTBEATS = 5

# Characters of an event's id, also of the one given to a message that has none.
ID_LENGTH = 32

# Milliseconds after which the metadata of topics is read again: topics made anew after a loss are found then.
METADATA_MS = 10_000


@dataclass
class Worker:
    """A consumer at a Faust application of its own, which listens to its topics with one agent."""

    store: Store
    consumer: Consumer
    app: faust.App
    stepped_at: float = 0.0
    failing: int = 0
    # True once its start has come to its end.
    serving: bool = False
    jitter: Callable[[], float] = SystemRandom().random
    # Called when a batch was handled: there may be work for others of the process.
    afterwards: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        return self.consumer.name

    @property
    def alive(self) -> bool:
        # An application that crashed is never started again; its process ends.
        return not self.app.crashed

    def quiet_seconds(self) -> float:
        """Return the seconds since a batch last came to its end, well or badly."""
        return monotonic() - self.stepped_at

    def is_behind(self, patience: timedelta) -> bool:
        """Return True if a partition of this worker, or any if it has none, has a canary unheard for `patience`."""
        with self.store.reading() as connection:
            missing = unheard(connection, self.consumer.name, self.consumer.topics, patience)
        # Before its start has ended, which partitions are its own is not known.
        mine = {(tp.topic, tp.partition) for tp in self.app.consumer.assignment()} if self.serving else set()
        return bool(missing & mine if mine else missing)

    async def take(self, messages: Sequence[Any]) -> bool:
        """Handle messages, however long a passing fault lasts. Returns False if a stop came before that."""
        while (error := await self._tried_aside(messages)) is not None:
            self.stepped_at, self.failing = monotonic(), self.failing + 1
            wait = delay(self.failing, FIRST_WAIT, LONGEST_WAIT, self.jitter())
            say_failed(self.consumer.name, error, seconds=round(wait, 1))
            await self.app.sleep(wait)
            # Not acknowledged: whoever has the partition next is given them again.
            if self.app.should_stop:
                return False
        self.stepped_at, self.failing = monotonic(), 0
        return True

    async def _tried_aside(self, messages: Sequence[Any]) -> BaseException | None:
        # In a thread, for which the machine may have no memory.
        try:
            return await asyncio.to_thread(self._tried, messages)
        except Exception as error:  # noqa: BLE001 - the message is kept and tried again
            return error

    def _tried(self, messages: Sequence[Any]) -> BaseException | None:
        # Returns the error and raises nothing: what is raised out of an agent is lost with its message.
        try:
            self._handle(messages)
            self.afterwards()
        # A SystemExit that came out of the thread would end the event loop, and a StopIteration would never arrive.
        except BaseException as error:  # noqa: BLE001 - whatever it is, the message is kept and tried again
            return error
        return None

    def _handle(self, messages: Sequence[Any]) -> None:
        # The newest canary of a partition stands for those before.
        heard = {(one.topic, one.partition): at for one in messages if (at := _canary_published_at(one)) is not None}
        events = [_stored(one) for one in messages if _canary_published_at(one) is None]
        # Before the canaries are noted: a canary says that all before it was given to the consumer.
        deliver(self.store, self.consumer, events)
        if heard:
            with self.store.writing() as connection:
                note_heard(connection, self.consumer.name, heard, self.store.now())


def make_worker(store: Store, consumer: Consumer, settings: KafkaSettings, *, data_dir: str) -> Worker:
    app = RewindingApp(
        f"pullcord-{consumer.name}",
        broker=[f"kafka://{address}" for address in settings.addresses],
        broker_credentials=_credentials(settings),
        datadir=data_dir,
        key_serializer="raw",
        value_serializer="raw",
        # Health and metrics have a server of their own.
        web_enabled=False,
        # Faust would make a topic of its own to choose a leader, which nothing here needs.
        topic_disable_leader=True,
        # A group without a place has handled nothing: its inbox sorts out what it knows.
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_MS,
        # A stop must not wait until the partition is empty.
        stream_wait_empty=False,
        # Seconds. What was handled and not yet committed comes again after a crash.
        broker_commit_interval=1.0,
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=settings.session_seconds / HEARTBEATS,
    )
    worker = Worker(store, consumer, app, monotonic())
    topic = app.topic(*consumer.topics, key_type=bytes, value_type=bytes)

    @app.agent(topic, concurrency=1, name=f"pullcord.{consumer.name}")  # type: ignore[untyped-decorator,unused-ignore]
    async def handle(stream: Any) -> None:
        async for events in stream.noack_take(BATCH, within=WITHIN_SECONDS):
            await _to_the_end(_take(worker, stream, events))

    return worker


async def _take(worker: Worker, stream: Any, events: Sequence[Any]) -> None:
    # Faust's own `take` acknowledges when its stream is closed, handled or not.
    if await worker.take([event.message for event in events]):
        for event in events:
            # Only now may the place of the group move on.
            await stream.ack(event)


def _canary_published_at(message: Any) -> datetime | None:
    # None if it is no canary.
    if message.key != CANARY_KEY.encode():
        return None
    try:
        # One of a newer form is no canary for this version.
        return Canary.model_validate_json(message.value).time
    except ValueError:
        return None


def _stored(message: Any) -> StoredEvent:
    # A message without an id of its own is known by its content, so that it too is handled once.
    body = bytes(message.value or b"")
    return StoredEvent(_event_id(message) or sha256(body).hexdigest()[:ID_LENGTH], message.topic, body)


def _event_id(message: Any) -> str | None:
    header = dict(message.headers or ()).get(ID_HEADER) or b""
    # Anybody may write to a topic: the header may hold any bytes.
    found = header.decode(errors="replace")
    return found if EVENT_ID.fullmatch(found) else None


async def _to_the_end(work: Any) -> None:
    # Work under way ends before a cancellation goes on, so that what is handled is also acknowledged.
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _credentials(settings: KafkaSettings) -> Any:
    # Faust takes None for a connection without credentials.
    if settings.security == "plaintext":
        return None
    context = None
    if settings.security.endswith("ssl"):
        options = settings.client()
        context = create_ssl_context(
            cafile=options["ssl_cafile"], certfile=options["ssl_certfile"], keyfile=options["ssl_keyfile"]
        )
    if not settings.security.startswith("sasl"):
        return faust.SSLCredentials(context)
    password = settings.sasl_password.get_secret_value() if settings.sasl_password else None
    return faust.SASLCredentials(
        username=settings.sasl_username, password=password, mechanism=settings.sasl_mechanism, ssl_context=context
    )
