from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Connection, Index, Integer, LargeBinary, SmallInteger, String, Table, event, text

from services.storage.append_only import make_append_only
from services.storage.tables.base import Moment, metadata, pk

outbox = Table(
    "outbox",
    metadata,
    pk(),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("topic", String(60), nullable=False),
    Column("partition_key", String(80), nullable=False),
    # One relay at a time publishes a lane. This keeps the order of events with the same partition key.
    Column("lane", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    # Empty until the event is published. Emptied again if the event must be published again.
    Column("published_at", Moment),
    Index(
        # The index holds only unpublished events, so it stays small while the outbox grows. The events of one partition
        # key stand together: see `fair_turns`.
        "ix_outbox_unpublished",
        "lane",
        "partition_key",
        "pk",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
    Index("ix_outbox_topic_published_at", "topic", "published_at"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", String(20), primary_key=True),
    Column("event_id", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("consumer", String(20), primary_key=True),
    Column("event_id", String(64), primary_key=True),
    Column("topic", String(60), nullable=False),
    Column("body", LargeBinary, nullable=False),
    # The kind of the error. The error's text is not stored, because it could hold data.
    Column("error", String(120), nullable=False),
    Column("at", Moment, nullable=False),
    # The time of the last alert to the operator about this event.
    Column("alerted_at", Moment),
)

canaries = Table(
    "canaries",
    metadata,
    Column("topic", String(60), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("published_at", Moment, nullable=False),
)

canaries_heard = Table(
    "canaries_heard",
    metadata,
    Column("consumer", String(20), primary_key=True),
    Column("topic", String(60), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("published_at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
)

loops = Table(
    "loops",
    metadata,
    Column("name", String(20), primary_key=True),
    # The time of the last sign of life.
    Column("beat_at", Moment, nullable=False),
)

# One row: the latest time by which the engine of any process has worked. It shows that the clock was put back.
engine_clock = Table(
    "engine_clock",
    metadata,
    Column("key", SmallInteger, primary_key=True, autoincrement=False),
    Column("latest_at", Moment, nullable=False),
    # When the engine last found the clock put back, by the clock that was right.
    Column("put_back_at", Moment),
)

# One row: to which deployment the database belongs.
deployment = Table(
    "deployment",
    metadata,
    Column("key", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", String(40), nullable=False),
    Column("id", String(32), nullable=False),
)

# The faults that the watchdog has raised and that have not gone since. Only the watchdog reads and writes it.
watchdog_findings = Table(
    "watchdog_findings",
    metadata,
    Column("kind", String(30), primary_key=True),
    # Empty for a fault that is about no feed.
    Column("feed_id", String(24), primary_key=True),
    Column("faults", Integer, nullable=False),
    # References of the first cases.
    Column("cases", JSON, nullable=False),
    Column("raised_at", Moment, nullable=False),
)

outbox_checks = Table(
    "outbox_checks",
    metadata,
    Column("consumer", String(20), primary_key=True),
    Column("topic", String(60), primary_key=True),
    # Every event published before this time was handled or was published again.
    Column("checked_until", Moment, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    pk(),
    Column("at", Moment, nullable=False),
    Column("action", String(30), nullable=False),
    Column("feed_id", String(24)),
    Column("subject", String(64)),
    Column("fields", JSON, nullable=False),
    # The person who acted, with evidence or reason.
    Column("actor_sealed", LargeBinary),
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_action_at", "action", "at"),
)


@event.listens_for(audit, "after_create")
# Also protects tables that are made without migrations, as in tests.
def _protect(_table: Table, connection: Connection, **_said: Any) -> None:
    for statement in make_append_only(connection.dialect.name):
        connection.execute(text(statement))


figures = Table(
    "figures",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("figure", String(40), primary_key=True),
    # Figure, dimension and key are those of `services.audit.figures.counting`.
    Column("dimension", String(16), primary_key=True),
    Column("key", String(40), primary_key=True),
    Column("count", Integer, nullable=False),
)
