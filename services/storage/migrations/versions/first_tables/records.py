from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
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
        "unfinished_matching",
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("record_pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("after_day", sa.Date(), nullable=False),
        sa.Column("after_pk", sa.BigInteger(), nullable=False),
        sa.Column("harm_on", sa.Date(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("served_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("side", "record_pk", name="pk_unfinished_matching"),
    )
    op.create_table(
        "matches",
        sa.Column("notice_pk", sa.BigInteger(), nullable=False),
        sa.Column("entry_pk", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("settles", sa.Boolean(), nullable=False),
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


def drop() -> None:
    op.drop_index("ix_matches_entry_pk", table_name="matches")
    op.drop_table("matches")
    op.drop_table("unfinished_matching")
    op.drop_index("ix_register_entries_feed_id", table_name="register_entries")
    op.drop_table("register_entries")
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
    op.drop_index("ix_entry_tokens_entry_pk", table_name="entry_tokens")
    op.drop_table("entry_tokens")
