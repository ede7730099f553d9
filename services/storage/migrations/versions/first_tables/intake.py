from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
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
        sa.Column("calendar", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reviewed_ruleset", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("feed_id", name="pk_feeds"),
    )
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
        "refused_files",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sent_as", sa.String(length=4), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("alerted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.feed_id"], name="fk_refused_files_feed_id"),
        sa.PrimaryKeyConstraint("feed_id", "kind", "sent_as", name="pk_refused_files"),
    )
    op.create_table(
        "feed_silences",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("alerted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("feed_id", name="pk_feed_silences"),
    )
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


def drop() -> None:

    op.drop_table("chosen_words")
    op.drop_table("feed_silences")
    op.drop_table("refused_files")
    op.drop_index("ix_refused_rows_due_at", table_name="refused_rows")
    op.drop_table("refused_rows")
    op.drop_index("ix_submission_outcomes_submission_id_chunk", table_name="submission_outcomes")
    op.drop_table("submission_outcomes")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_submissions_feed_id_received_at", table_name="submissions")
    op.drop_table("submissions")
    op.drop_table("api_keys")
    op.drop_table("sequences")
    op.drop_table("feeds")
