"""Creates all tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.storage.append_only import make_append_only, unmake_append_only

revision = "0001"
down_revision = None

# A copy of the list in `sequences.py`, because a migration must not change when later code changes.
SEQUENCES = ("notices", "register_entries", "cases", "alerts", "deliveries", "outbox", "audit")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("link_revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pk", name="pk_alerts"),
        sa.UniqueConstraint("reference", name="uq_alerts_reference"),
    )
    op.create_index("ix_alerts_feed_id_created_at", "alerts", ["feed_id", "created_at"], unique=False)
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
        "entry_tokens",
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        sa.Column("entry_pk", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", "entry_pk", name="pk_entry_tokens"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entry_tokens_entry_pk", "entry_tokens", ["entry_pk"], unique=False)
    op.create_table(
        "feeds",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_heard_at", sa.BigInteger(), nullable=True),
        sa.Column("policy_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recomputed_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("policy_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_ruleset", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("feed_id", name="pk_feeds"),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name="pk_inbox"),
    )
    op.create_table(
        "notice_tokens",
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        sa.Column("notice_pk", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", "notice_pk", name="pk_notice_tokens"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_notice_tokens_notice_pk", "notice_tokens", ["notice_pk"], unique=False)
    op.create_table(
        "area_members",
        sa.Column("area_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("notice_pk", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("area_key", "notice_pk", name="pk_area_members"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_area_members_notice_pk", "area_members", ["notice_pk"], unique=False)
    op.create_table(
        "notices",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("stamp_from", sa.BigInteger(), nullable=False),
        sa.Column("stamp_until", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("migration_kind", sa.String(length=14), nullable=False),
        sa.Column("target_service", sa.String(length=8), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("restriction_on", sa.Date(), nullable=True),
        sa.Column("telecare_known", sa.Boolean(), nullable=True),
        sa.Column("supersedes_key", sa.LargeBinary(length=16), nullable=True),
        sa.Column("rival_status", sa.String(length=12), nullable=True),
        sa.Column("rival_planned_on", sa.Date(), nullable=True),
        sa.Column("rival_restriction_on", sa.Date(), nullable=True),
        sa.Column("planned_either", sa.Date(), nullable=True),
        sa.Column("planned_or", sa.Date(), nullable=True),
        sa.Column("restriction_either", sa.Date(), nullable=True),
        sa.Column("restriction_or", sa.Date(), nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("area_facts", sa.JSON(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_notices"),
        sa.UniqueConstraint("record_key", name="uq_notices_record_key"),
    )
    op.create_index(
        "ix_notices_supersedes_key",
        "notices",
        ["supersedes_key"],
        unique=False,
        sqlite_where=sa.text("supersedes_key IS NOT NULL"),
        postgresql_where=sa.text("supersedes_key IS NOT NULL"),
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
        "register_entries",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("stamp_from", sa.BigInteger(), nullable=False),
        sa.Column("stamp_until", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("service_status", sa.String(length=10), nullable=False),
        sa.Column("connection", sa.String(length=14), nullable=False),
        sa.Column("last_confirmed_on", sa.Date(), nullable=True),
        sa.Column("agreement_named", sa.Boolean(), nullable=False),
        sa.Column("agreement_until", sa.Date(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_register_entries"),
        sa.UniqueConstraint("record_key", name="uq_register_entries_record_key"),
    )
    op.create_index("ix_register_entries_feed_id", "register_entries", ["feed_id"], unique=False)
    op.create_table(
        "sequences",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("next_value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sequences"),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.feed_id"], name="fk_api_keys_feed_id"),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )
    op.create_table(
        "cases",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("entry_pk", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=True),
        sa.Column("harm_on", sa.Date(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("restriction_on", sa.Date(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("notice_issued_at", sa.BigInteger(), nullable=True),
        sa.Column("providers", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("last_alert_at", sa.BigInteger(), nullable=True),
        sa.Column("last_threshold", sa.Integer(), nullable=True),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("hold_until", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("tested_on", sa.Date(), nullable=True),
        sa.Column("solution", sa.String(length=24), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("time_steps", sa.JSON(), nullable=False),
        sa.Column("believed", sa.JSON(), nullable=True),
        sa.Column("changes_wait_since", sa.BigInteger(), nullable=True),
        sa.Column("changes_raised_on", sa.Date(), nullable=True),
        sa.Column("relaxed_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("rulesets", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        # The states in which a case is over.
        sa.CheckConstraint(
            "due_at IS NOT NULL OR state IN "
            "('post_check_passed', 'closed', 'false_match', 'service_ended', 'notice_withdrawn')",
            name="open_case_is_due",
        ),
        sa.ForeignKeyConstraint(["entry_pk"], ["register_entries.pk"], name="fk_cases_entry_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_cases"),
        sa.UniqueConstraint("entry_pk", name="uq_cases_entry_pk"),
        sa.UniqueConstraint("reference", name="uq_cases_reference"),
    )
    op.create_index(
        "ix_cases_due_at",
        "cases",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_feed_id_due_at",
        "cases",
        ["feed_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_feed_id_relaxed_at",
        "cases",
        ["feed_id", "relaxed_at"],
        unique=False,
        sqlite_where=sa.text("relaxed_at IS NOT NULL"),
        postgresql_where=sa.text("relaxed_at IS NOT NULL"),
    )
    op.create_index("ix_cases_feed_id_state", "cases", ["feed_id", "state"], unique=False)
    op.create_table(
        "relaxations",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", name="pk_relaxations"),
    )
    op.create_table(
        "deliveries",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alert_pk", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("route_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("destination", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert_pk"], ["alerts.pk"], name="fk_deliveries_alert_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_alert_pk", "deliveries", ["alert_pk"], unique=False)
    op.create_index(
        "ix_deliveries_destination_due_at",
        "deliveries",
        ["destination", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "unfinished_matching",
        sa.Column("notice_pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("after_entry_pk", sa.BigInteger(), nullable=False),
        sa.Column("harm_on", sa.Date(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("served_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["notice_pk"], ["notices.pk"], name="fk_unfinished_matching_notice_pk"),
        sa.PrimaryKeyConstraint("notice_pk", name="pk_unfinished_matching"),
    )
    op.create_table(
        "matches",
        sa.Column("notice_pk", sa.BigInteger(), nullable=False),
        sa.Column("entry_pk", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("notice_revision", sa.Integer(), nullable=False),
        sa.Column("entry_revision", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("decided_level", sa.String(length=10), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["entry_pk"], ["register_entries.pk"], name="fk_matches_entry_pk"),
        sa.ForeignKeyConstraint(["notice_pk"], ["notices.pk"], name="fk_matches_notice_pk"),
        sa.PrimaryKeyConstraint("notice_pk", "entry_pk", name="pk_matches"),
    )
    op.create_index("ix_matches_entry_pk", "matches", ["entry_pk"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("submission_id", sa.String(length=40), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("remarks", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.feed_id"], name="fk_submissions_feed_id"),
        sa.PrimaryKeyConstraint("submission_id", name="pk_submissions"),
    )
    op.create_index("ix_submissions_feed_id_received_at", "submissions", ["feed_id", "received_at"], unique=False)
    op.create_table(
        "alert_cases",
        sa.Column("alert_pk", sa.BigInteger(), nullable=False),
        sa.Column("case_pk", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert_pk"], ["alerts.pk"], name="fk_alert_cases_alert_pk"),
        sa.ForeignKeyConstraint(["case_pk"], ["cases.pk"], name="fk_alert_cases_case_pk"),
        sa.PrimaryKeyConstraint("alert_pk", "case_pk", name="pk_alert_cases"),
    )
    op.create_index("ix_alert_cases_case_pk", "alert_cases", ["case_pk"], unique=False)
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_pk", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["delivery_pk"], ["deliveries.pk"], name="fk_delivery_attempts_delivery_pk"),
        sa.PrimaryKeyConstraint("delivery_pk", "number", name="pk_delivery_attempts"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("submission_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.feed_id"], name="fk_idempotency_keys_feed_id"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name="fk_idempotency_keys_submission_id"
        ),
        sa.PrimaryKeyConstraint("feed_id", "key_hash", name="pk_idempotency_keys"),
    )
    op.create_table(
        "submission_outcomes",
        sa.Column("chunk_id", sa.String(length=52), nullable=False),
        sa.Column("submission_id", sa.String(length=40), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("references_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name="fk_submission_outcomes_submission_id"
        ),
        sa.PrimaryKeyConstraint("chunk_id", name="pk_submission_outcomes"),
    )
    op.create_index(
        "ix_submission_outcomes_submission_id_chunk", "submission_outcomes", ["submission_id", "chunk"], unique=True
    )
    op.create_table(
        "refused_rows",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("row_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("has_reference", sa.Boolean(), nullable=False),
        sa.Column("submission_id", sa.String(length=40), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("of_rows", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("alerted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.feed_id"], name="fk_refused_rows_feed_id"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.submission_id"], name="fk_refused_rows_submission_id"),
        sa.PrimaryKeyConstraint("feed_id", "kind", "row_key", name="pk_refused_rows"),
    )
    op.create_index("ix_refused_rows_due_at", "refused_rows", ["due_at"], unique=False)
    op.create_table(
        "chosen_words",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.feed_id"], name="fk_chosen_words_feed_id"),
        sa.PrimaryKeyConstraint("feed_id", "kind", "what", "word", name="pk_chosen_words"),
    )

    # PostgreSQL has sequences. SQLite uses the table `sequences`.
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(sa.schema.CreateSequence(sa.Sequence(f"seq_{name}")))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(sa.schema.DropSequence(sa.Sequence(f"seq_{name}")))

    # In reverse order of creation, because of the foreign keys.
    op.drop_table("chosen_words")
    op.drop_index("ix_refused_rows_due_at", table_name="refused_rows")
    op.drop_table("refused_rows")
    op.drop_index("ix_submission_outcomes_submission_id_chunk", table_name="submission_outcomes")
    op.drop_table("submission_outcomes")
    op.drop_table("idempotency_keys")
    op.drop_table("delivery_attempts")
    op.drop_index("ix_alert_cases_case_pk", table_name="alert_cases")
    op.drop_table("alert_cases")
    op.drop_index("ix_submissions_feed_id_received_at", table_name="submissions")
    op.drop_table("submissions")
    op.drop_index("ix_matches_entry_pk", table_name="matches")
    op.drop_table("matches")
    op.drop_table("unfinished_matching")
    op.drop_index(
        "ix_deliveries_destination_due_at",
        table_name="deliveries",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index("ix_deliveries_alert_pk", table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_table("relaxations")
    op.drop_index("ix_cases_feed_id_state", table_name="cases")
    op.drop_index(
        "ix_cases_feed_id_relaxed_at",
        table_name="cases",
        sqlite_where=sa.text("relaxed_at IS NOT NULL"),
        postgresql_where=sa.text("relaxed_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_cases_feed_id_due_at",
        table_name="cases",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_cases_due_at",
        table_name="cases",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("cases")
    op.drop_table("api_keys")
    op.drop_table("sequences")
    op.drop_index("ix_register_entries_feed_id", table_name="register_entries")
    op.drop_table("register_entries")
    op.drop_table("quarantine")
    op.drop_table("loops")
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
    op.drop_index(
        "ix_notices_supersedes_key",
        table_name="notices",
        sqlite_where=sa.text("supersedes_key IS NOT NULL"),
        postgresql_where=sa.text("supersedes_key IS NOT NULL"),
    )
    op.drop_table("notices")
    op.drop_index("ix_area_members_notice_pk", table_name="area_members")
    op.drop_table("area_members")
    op.drop_index("ix_notice_tokens_notice_pk", table_name="notice_tokens")
    op.drop_table("notice_tokens")
    op.drop_table("inbox")
    op.drop_table("feeds")
    op.drop_index("ix_entry_tokens_entry_pk", table_name="entry_tokens")
    op.drop_table("entry_tokens")
    op.drop_table("figures")
    # The triggers are dropped first, because they would refuse to remove rows.
    for statement in unmake_append_only(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index("ix_audit_action_at", table_name="audit")
    op.drop_index("ix_audit_subject", table_name="audit")
    op.drop_table("audit")
    op.drop_index("ix_alerts_feed_id_created_at", table_name="alerts")
    op.drop_table("alerts")
