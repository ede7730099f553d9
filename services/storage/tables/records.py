from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
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
    # A keyed hash of the sender's own reference. The reference itself is stored only sealed.
    Column("record_key", LargeBinary(16), nullable=False, unique=True),
    Column("feed_id", String(24), nullable=False),
    # The part of the feed that the record belongs to. Events of one part keep their order.
    Column("shard", SmallInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("issued_at", Moment, nullable=False),
    # The earliest and the latest time that the sender's time of issue may mean.
    Column("stamp_from", Moment, nullable=False),
    Column("stamp_until", Moment, nullable=False),
    # A keyed digest of the content. An equal digest means that nothing changed.
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
    # The record key of the older notice that this notice replaces.
    Column("supersedes_key", LargeBinary(16)),
    # The most dangerous content of versions with equal times, if nobody can say which version is later.
    Column("rival_status", String(12)),
    Column("rival_planned_on", Date),
    Column("rival_restriction_on", Date),
    # The two days that a date in doubt may mean, the earlier first. The date itself is then empty.
    Column("planned_either", Date),
    Column("planned_or", Date),
    Column("restriction_either", Date),
    Column("restriction_or", Date),
    # True if a version has announced a migration that was still to come.
    Column("announced", Boolean, nullable=False),
    # Set only for an area record, which stands for all notices of a provider about one area: see `area_facts`.
    Column("area_facts", JSON(none_as_null=True)),
    # Codes of the problems in the row, separated by blanks.
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
    # False after the council has taken the entry off its register.
    Column("live", Boolean, nullable=False),
    Column("service_status", String(10), nullable=False),
    Column("connection", String(14), nullable=False),
    Column("last_confirmed_on", Date),
    Column("agreement_named", Boolean, nullable=False),
    # The last day of the data-sharing agreement, or empty if the agreement has no end.
    Column("agreement_until", Date),
    Column("flags", Text, nullable=False),
    Column("submission_id", String(40), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_register_entries_feed_id", "feed_id"),
)


def _tokens(name: str, owner: str) -> Table:
    # There is one row for each token. The key begins with the token, so that a lookup reads one index.
    return Table(
        name,
        metadata,
        Column("token", LargeBinary(16), primary_key=True),
        Column(owner, BigInteger, primary_key=True),
        Column("kind", SmallInteger, nullable=False),
        Index(f"ix_{name}_{owner}", owner),
        # SQLite then stores the rows in the index itself, which saves a second lookup.
        sqlite_with_rowid=False,
    )


notice_tokens = _tokens("notice_tokens", "notice_pk")
entry_tokens = _tokens("entry_tokens", "entry_pk")

# The area notices of each area. The key of its area record names the area.
area_members = Table(
    "area_members",
    metadata,
    Column("area_key", LargeBinary(16), primary_key=True),
    Column("notice_pk", BigInteger, primary_key=True),
    Index("ix_area_members_notice_pk", "notice_pk"),
    sqlite_with_rowid=False,
)

# Notices and register entries whose possible matches are not all written yet: those on large areas, and those that
# share their postcode with very many others.
unfinished_matching = Table(
    "unfinished_matching",
    metadata,
    # Names the table of the record: `notice` or `entry`.
    Column("side", String(6), primary_key=True),
    Column("record_pk", BigInteger, primary_key=True, autoincrement=False),
    # The provider of the notice, or the council of the entry.
    Column("feed_id", String(24), nullable=False),
    # Partners up to this place are done. An entry meets notices by their earliest harmful day, then by id.
    Column("after_day", Date, nullable=False),
    Column("after_pk", BigInteger, nullable=False),
    # The earliest day on which what is left may do harm. The nearest day has its turn first.
    Column("harm_on", Date),
    Column("since", Moment, nullable=False),
    # The time of the last turn. The feed whose last turn is longest ago has the next turn.
    Column("served_at", Moment, nullable=False),
)

matches = Table(
    "matches",
    metadata,
    Column("notice_pk", BigInteger, ForeignKey("notices.pk"), primary_key=True),
    Column("entry_pk", BigInteger, ForeignKey("register_entries.pk"), primary_key=True),
    Column("live", Boolean, nullable=False),
    Column("level", String(10), nullable=False),
    Column("reasons", Text, nullable=False),
    # How much speaks for the pair: see `services.matcher.weights`.
    Column("weight", Float, nullable=False),
    # Number and place agree, so that weaker matches of the two records wait: see `services.storage.matches.settled`.
    Column("settles", Boolean, nullable=False),
    # The versions of the notice and the entry when the pair was found.
    Column("notice_revision", Integer, nullable=False),
    Column("entry_revision", Integer, nullable=False),
    Column("found_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("decision", String(10), nullable=False),
    # The level when a person decided. A higher level later asks for a new decision.
    Column("decided_level", String(10)),
    Column("decided_at", Moment),
    Index("ix_matches_entry_pk", "entry_pk"),
)
