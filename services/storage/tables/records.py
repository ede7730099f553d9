"""Notices, register entries, their tokens, and matched pairs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from services.storage.tables.base import Moment, metadata, pk

notices = Table(
    "notices",
    metadata,
    pk(),
    # Keyed hash of the sender's own reference, which stays sealed.
    Column("record_key", LargeBinary(16), nullable=False, unique=True),
    Column("feed_id", String(24), nullable=False),
    # The part of the feed within which events keep their order.
    Column("shard", SmallInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("issued_at", Moment, nullable=False),
    # Earliest and latest time that the sender's time may mean.
    Column("stamp_from", Moment, nullable=False),
    Column("stamp_until", Moment, nullable=False),
    # Keyed digest of the content. An equal one means that nothing changed.
    Column("digest", LargeBinary(16), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("scope", String(10), nullable=False),
    Column("status", String(12), nullable=False),
    Column("migration_kind", String(14), nullable=False),
    Column("target_service", String(8), nullable=False),
    Column("planned_on", Date),
    Column("restriction_on", Date),
    Column("telecare_known", Boolean),
    # The record key of the notice that this one replaces.
    Column("supersedes_key", LargeBinary(16)),
    # The most dangerous content of versions with the same time, if it is unclear which is later.
    Column("rival_status", String(12)),
    Column("rival_planned_on", Date),
    Column("rival_restriction_on", Date),
    # True once a version spoke of a migration that was still to come.
    Column("announced", Boolean, nullable=False),
    # Codes of the problems found in the row, separated by blanks.
    Column("flags", Text, nullable=False),
    Column("submission_id", String(40), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(
        "ix_notices_supersedes_key",
        "supersedes_key",
        sqlite_where=text("supersedes_key IS NOT NULL"),
        postgresql_where=text("supersedes_key IS NOT NULL"),
    ),
)

register_entries = Table(
    "register_entries",
    metadata,
    pk(),
    Column("record_key", LargeBinary(16), nullable=False, unique=True),
    Column("feed_id", String(24), nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("stamp_from", Moment, nullable=False),
    Column("stamp_until", Moment, nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("received_at", Moment, nullable=False),
    # False once the council has taken the entry off its register.
    Column("live", Boolean, nullable=False),
    Column("service_status", String(10), nullable=False),
    Column("connection", String(14), nullable=False),
    Column("last_confirmed_on", Date),
    Column("agreement_named", Boolean, nullable=False),
    # The last day of the data-sharing agreement. Empty if it has no end.
    Column("agreement_until", Date),
    Column("flags", Text, nullable=False),
    Column("submission_id", String(40), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_register_entries_feed_id", "feed_id"),
)


def _tokens(name: str, owner: str) -> Table:
    # One row for each token. The key begins with the token, so a lookup walks one index.
    return Table(
        name,
        metadata,
        Column("token", LargeBinary(16), primary_key=True),
        Column(owner, BigInteger, primary_key=True),
        Column("kind", SmallInteger, nullable=False),
        Index(f"ix_{name}_{owner}", owner),
        # Stores the rows in the index itself and saves a second lookup.
        sqlite_with_rowid=False,
    )


notice_tokens = _tokens("notice_tokens", "notice_pk")
entry_tokens = _tokens("entry_tokens", "entry_pk")

matches = Table(
    "matches",
    metadata,
    Column("notice_pk", BigInteger, ForeignKey("notices.pk"), primary_key=True),
    Column("entry_pk", BigInteger, ForeignKey("register_entries.pk"), primary_key=True),
    Column("live", Boolean, nullable=False),
    Column("level", String(10), nullable=False),
    Column("reasons", Text, nullable=False),
    # The versions at which the pair was found.
    Column("notice_revision", Integer, nullable=False),
    Column("entry_revision", Integer, nullable=False),
    Column("found_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("decision", String(10), nullable=False),
    # The level at the time of a person's decision. A surer match asks again.
    Column("decided_level", String(10)),
    Column("decided_at", Moment),
    Index("ix_matches_entry_pk", "entry_pk"),
)
