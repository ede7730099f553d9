"""A Faust worker: hands what comes off the topics to a consumer's `process()`, and never loses a message.

What Faust would lose, it is not given to lose: nothing is raised out of an agent (that would acknowledge the
message), a passing fault is waited out while the message stays unacknowledged, an event that can never be handled is
quarantined, and a worker told to stop finishes the batch at hand before its messages are acknowledged. State is in
the database, never in Faust.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import faust
import structlog
from aiokafka.helpers import create_ssl_context
from pydantic_core import from_json

from services.runtime.distributed.kafka_settings import KafkaSettings
from services.runtime.pump import deliver
from services.storage.outbox import StoredEvent
from services.storage.process import Consumer
from services.storage.store import Store

log = structlog.get_logger()

BATCH = 12
"""How many events (of up to 500 records) are handled in one transaction."""

WITHIN_SECONDS = 0.05
"""How long a batch that is not full waits for more."""

FIRST_WAIT, LONGEST_WAIT = 0.1, 30.0


def make_worker_app(store: Store, consumer: Consumer, settings: KafkaSettings, *, data_dir: str) -> faust.App:
    """A Faust application with one agent, which listens to the consumer's topics."""
    app = faust.App(
        f"pullcord-{consumer.name}",
        broker=[f"kafka://{address}" for address in settings.addresses],
        broker_credentials=_credentials(settings),
        datadir=data_dir,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
        broker_commit_interval=1.0,
    )
    topic = app.topic(*consumer.topics, key_type=bytes, value_type=bytes)

    @app.agent(topic, concurrency=1, name=f"pullcord.{consumer.name}")  # type: ignore[untyped-decorator,unused-ignore]
    async def handle(stream: Any) -> None:
        async for events in stream.take_events(BATCH, within=WITHIN_SECONDS):
            await _to_the_end(_handle(store, consumer, [_stored(event.message) for event in events]))

    return app


def _stored(message: Any) -> StoredEvent:
    """A message as the inbox knows it: by its event's id, or by what it holds if it has none."""
    body = bytes(message.value or b"")
    return StoredEvent(_event_id(body), message.topic, body)


def _event_id(body: bytes) -> str:
    try:
        found = from_json(body)["id"]
    except (ValueError, TypeError, KeyError):
        found = None
    return found if isinstance(found, str) and len(found) == 32 else sha256(body).hexdigest()  # noqa: PLR2004


async def _handle(store: Store, consumer: Consumer, events: Sequence[StoredEvent]) -> None:
    """Handle events, however long a passing fault lasts."""
    wait = FIRST_WAIT
    while True:
        try:
            await asyncio.to_thread(deliver, store, consumer, events)
        except Exception as error:  # noqa: BLE001 - what is raised out of an agent is lost with its message
            log.warning("step_failed", consumer=consumer.name, error=type(error).__name__, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            return


async def _to_the_end(work: Any) -> None:
    """Let work under way end before a cancellation goes on: Faust acknowledges the batch whatever became of it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _credentials(settings: KafkaSettings) -> Any:
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
