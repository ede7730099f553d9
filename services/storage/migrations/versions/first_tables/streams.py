from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.storage.append_only import make_append_only, unmake_append_only


def create() -> None:
    op.create_table(
        "audit",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=True),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("actor_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("pk", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_index("ix_audit_action_at", "audit", ["action", "at"], unique=False)
    # The triggers are made before any row is written, so that no row is ever unprotected.
    for statement in make_append_only(op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "figures",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("figure", sa.String(length=40), nullable=False),
        sa.Column("dimension", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "figure", "dimension", "key", name="pk_figures"),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name="pk_inbox"),
    )
    op.create_table(
        "outbox",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("partition_key", sa.String(length=80), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pk", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
    )
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["lane", "partition_key", "pk"],
        unique=False,
        sqlite_where=sa.text("published_at IS NULL"),
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index("ix_outbox_topic_published_at", "outbox", ["topic", "published_at"], unique=False)
    op.create_table(
        "outbox_checks",
        sa.Column("consumer", sa.String(length=20), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("checked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "topic", name="pk_outbox_checks"),
    )
    op.create_table(
        "canaries",
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name="pk_canaries"),
    )
    op.create_table(
        "canaries_heard",
        sa.Column("consumer", sa.String(length=20), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "topic", "partition", name="pk_canaries_heard"),
    )
    op.create_table(
        "deployment",
        sa.Column("key", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_deployment"),
    )
    op.create_table(
        "engine_clock",
        sa.Column("key", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("latest_at", sa.BigInteger(), nullable=False),
        sa.Column("put_back_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_engine_clock"),
    )
    op.create_table(
        "loops",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_loops"),
    )
    op.create_table(
        "quarantine",
        sa.Column("consumer", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("error", sa.String(length=120), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("alerted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("consumer", "event_id", name="pk_quarantine"),
    )
    op.create_table(
        "watchdog_findings",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "feed_id", name="pk_watchdog_findings"),
    )


def drop() -> None:
    op.drop_table("watchdog_findings")
    op.drop_table("quarantine")
    op.drop_table("loops")
    op.drop_table("engine_clock")
    op.drop_table("deployment")
    op.drop_table("canaries_heard")
    op.drop_table("canaries")
    op.drop_table("outbox_checks")
    op.drop_index("ix_outbox_topic_published_at", table_name="outbox")
    op.drop_index(
        "ix_outbox_unpublished",
        table_name="outbox",
        sqlite_where=sa.text("published_at IS NULL"),
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_table("inbox")
    op.drop_table("figures")
    # The triggers are dropped first, because they would refuse to remove rows.
    for statement in unmake_append_only(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index("ix_audit_action_at", table_name="audit")
    op.drop_index("ix_audit_subject", table_name="audit")
    op.drop_table("audit")
