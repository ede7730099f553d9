"""Faust acknowledges a message if its agent raises an exception. So no exception may leave an agent."""

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
from services.core.errors import PullcordError
from services.runtime.embedded.event_dispatcher import deliver
from services.runtime.kafka.brokers.publishing import ID_HEADER, SENDER_HEADER
from services.runtime.kafka.canary import CANARY_KEY
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.offset_recovery import RewindingApp
from services.runtime.logs import say_failed
from services.storage.database.deployment import identity_of
from services.storage.events.canaries import note_heard, unheard
from services.storage.events.outbox import StoredEvent
from services.storage.events.process import Consumer
from services.storage.store import Store

# The number of events in one transaction. Each event has up to 500 records.
BATCH = 12

# Seconds that a batch that is not full waits for more messages.
WITHIN_SECONDS = 0.05

FIRST_WAIT, LONGEST_WAIT = 0.1, 30.0

EVENT_ID = re.compile(r"[0-9a-f]{32}")

# The number of heartbeats within `session_seconds`, after which the brokers give up a silent worker.
HEARTBEATS = 5

# The number of characters in an event's id. A message without an id gets an id of the same length.
ID_LENGTH = 32

# Milliseconds after which topic metadata is read again. This finds topics that were created again after a loss.
METADATA_MS = 10_000


class ForeignEventsError(PullcordError):
    """The topics carry events of another deployment's database."""


@dataclass
class Worker:
    store: Store
    consumer: Consumer
    app: faust.App
    settings: KafkaSettings
    stepped_at: float = 0.0
    failing: int = 0
    # True once the application has started.
    serving: bool = False
    # True while a batch is handled.
    at_work: bool = False
    # The error for which the role must end, although nobody asked it to stop.
    refused: PullcordError | None = None
    # True if the application did not stop in time, and was left running.
    abandoned: bool = False
    jitter: Callable[[], float] = SystemRandom().random
    # Called after each handled batch, which may have created work for a loop of this process.
    afterwards: Callable[[], None] = lambda: None

    _own_id: bytes | None = None

    @property
    def name(self) -> str:
        return self.consumer.name

    @property
    def alive(self) -> bool:
        # An application that crashed is never started again: the process ends.
        return not self.app.crashed

    def quiet_seconds(self) -> float:
        """Return the seconds since the last batch was handled or failed."""
        return monotonic() - self.stepped_at

    def is_behind(self, patience: timedelta) -> bool:
        """Return True if the consumer is more than `patience` behind in a partition of this worker.

        For a worker without partitions, all partitions of the consumer count.
        """
        with self.store.reading() as connection:
            missing = unheard(connection, self.consumer.name, self.consumer.topics, patience)
        # Until the application has started, the worker's partitions are not known.
        held = self.app.consumer.assignment() if self.serving else ()
        mine = {(self.settings.listed_topic(tp.topic), tp.partition) for tp in held}
        # While the worker has no partition, all partitions of the consumer are checked.
        return bool(missing & mine if mine else missing)

    async def take(self, messages: Sequence[Any]) -> bool:
        """Handle the messages, and try again after an error. Return False if the worker must stop first."""
        while (error := await self._tried_aside(messages)) is not None:
            self.stepped_at, self.failing = monotonic(), self.failing + 1
            if isinstance(error, ForeignEventsError):
                self.refused = error
                return False
            wait = delay(self.failing, FIRST_WAIT, LONGEST_WAIT, self.jitter())
            say_failed(self.consumer.name, error, seconds=round(wait, 1))
            await self.app.sleep(wait)
            # The messages stay unacknowledged, so the next worker of the partition gets them again.
            if self.app.should_stop:
                return False
        self.stepped_at, self.failing = monotonic(), 0
        return True

    async def _tried_aside(self, messages: Sequence[Any]) -> BaseException | None:
        # The thread may even fail to start, for example if the machine has no memory left.
        self.at_work = True
        try:
            return await asyncio.to_thread(self._tried, messages)
        except Exception as error:  # noqa: BLE001 - the message is kept and tried again
            return error
        finally:
            self.at_work = False

    def _tried(self, messages: Sequence[Any]) -> BaseException | None:
        # Returns the error instead of raising it: if an agent raises, Faust acknowledges the message, and it is lost.
        try:
            self._handle(messages)
            self.afterwards()
        # A SystemExit from the thread would end the event loop. A StopIteration would never reach the caller.
        except BaseException as error:  # noqa: BLE001 - whatever it is, the message is kept and tried again
            return error
        return None

    def _handle(self, messages: Sequence[Any]) -> None:
        self._refuse_foreign(messages)
        named = [(self.settings.listed_topic(one.topic), one) for one in messages]
        # Of each partition only the newest canary counts.
        heard = {(topic, one.partition): at for topic, one in named if (at := _canary_published_at(one)) is not None}
        events = [_stored(topic, one) for topic, one in named if _canary_published_at(one) is None]
        # Events first: a stored canary means that the consumer has received everything before it.
        deliver(self.store, self.consumer, events)
        if heard:
            with self.store.writing() as connection:
                note_heard(connection, self.consumer.name, heard, self.store.now())

    def _refuse_foreign(self, messages: Sequence[Any]) -> None:
        if self._own_id is None:
            with self.store.reading() as connection:
                identity = identity_of(connection)
            # A database that no process has claimed cannot tell its own events from others.
            self._own_id = identity.id.encode() if identity else b""
        senders = {dict(one.headers or ()).get(SENDER_HEADER) for one in messages} - {None, self._own_id}
        if self._own_id and senders:
            raise ForeignEventsError(
                f"the topics of {self.name} carry events of another deployment: give each deployment a "
                "PULLCORD_DEPLOYMENT of its own. If the other one is gone, delete its topics"
            )


def make_worker(store: Store, consumer: Consumer, settings: KafkaSettings, *, data_dir: str) -> Worker:
    app = RewindingApp(
        settings.group(consumer.name),
        broker=[f"kafka://{address}" for address in settings.addresses],
        broker_credentials=_credentials(settings),
        datadir=data_dir,
        key_serializer="raw",
        value_serializer="raw",
        # Health and metrics have a server of their own.
        web_enabled=False,
        # Nothing here needs a leader, for whose election Faust would create a topic.
        topic_disable_leader=True,
        # A group without a committed offset reads from the beginning. The inbox drops what was handled before.
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_MS,
        # A stop must not wait until the partition is empty.
        stream_wait_empty=False,
        # Seconds. After a crash, messages that were handled but not committed are received again.
        broker_commit_interval=1.0,
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=settings.session_seconds / HEARTBEATS,
    )
    worker = Worker(store, consumer, app, settings, monotonic())
    topic = app.topic(*map(settings.broker_topic, consumer.topics), key_type=bytes, value_type=bytes)

    @app.agent(topic, concurrency=1, name=f"pullcord.{consumer.name}")  # type: ignore[untyped-decorator,unused-ignore]
    async def handle(stream: Any) -> None:
        async for events in stream.noack_take(BATCH, within=WITHIN_SECONDS):
            await _to_the_end(_take(worker, stream, events))

    return worker


async def _take(worker: Worker, stream: Any, events: Sequence[Any]) -> None:
    # Faust's own `take` acknowledges messages when its stream is closed, even if they were not handled.
    if await worker.take([event.message for event in events]):
        for event in events:
            # Only now may the group's offset advance.
            await stream.ack(event)


def _canary_published_at(message: Any) -> datetime | None:
    # Returns None if the message is not a canary.
    if message.key != CANARY_KEY.encode():
        return None
    try:
        # A canary of a newer format is an ordinary message for this version.
        return Canary.model_validate_json(message.value).time
    except ValueError:
        return None


def _stored(topic: str, message: Any) -> StoredEvent:
    # A message without an id gets a hash of its content as id, so that it too is handled only once.
    body = bytes(message.value or b"")
    return StoredEvent(_event_id(message) or sha256(body).hexdigest()[:ID_LENGTH], topic, body)


def _event_id(message: Any) -> str | None:
    header = dict(message.headers or ()).get(ID_HEADER) or b""
    # Anybody may write to a topic, so the header may hold any bytes.
    found = header.decode(errors="replace")
    return found if EVENT_ID.fullmatch(found) else None


async def _to_the_end(work: Any) -> None:
    # A cancellation waits for the current work, so that handled messages are also acknowledged.
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
