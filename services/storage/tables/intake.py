from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from services.storage.tables.base import Moment, metadata

sequences = Table(
    "sequences",
    metadata,
    Column("name", String(40), primary_key=True),
    # This table is used on SQLite only. PostgreSQL has sequences.
    Column("next_value", BigInteger, nullable=False),
)

feeds = Table(
    "feeds",
    metadata,
    Column("feed_id", String(24), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("code", String(12), nullable=False),
    Column("name", Text, nullable=False),
    # How a council reaches a provider about a line. Never sent, and shown only beside a case.
    Column("contact", Text),
    Column("created_at", Moment, nullable=False),
    Column("last_heard_at", Moment),
    Column("policy_version", Integer, nullable=False, server_default="0"),
    # Cases are recomputed after a change of policy, until this number equals `policy_version`. It is negative after
    # the clock was put back.
    Column("recomputed_version", Integer, nullable=False, server_default="0"),
    Column("policy_sealed", LargeBinary),
    # Of a council: `nation`, and `closed` with the first and last day of each closure. It is clear, so that the
    # watchdog knows the council's working days without the keys.
    Column("calendar", JSON(none_as_null=True)),
    Column("reviewed_ruleset", String(40)),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    # SHA-256 of the secret. The secret itself is never stored.
    Column("secret_hash", LargeBinary(32), nullable=False),
    Column("role", String(10), nullable=False),
    Column("feed_id", String(24), ForeignKey("feeds.feed_id")),
    Column("label", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

submissions = Table(
    "submissions",
    metadata,
    Column("submission_id", String(40), primary_key=True),
    Column("feed_id", String(24), ForeignKey("feeds.feed_id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("received_at", Moment, nullable=False),
    # Keyed, so that nobody can test guesses of the content against it.
    Column("content_digest", LargeBinary(16), nullable=False),
    # The number of rows by outcome.
    Column("counts", JSON, nullable=False),
    # Sentences about the whole file, such as columns that were not read.
    Column("remarks", JSON, nullable=False),
    Index("ix_submissions_feed_id_received_at", "feed_id", "received_at"),
)

submission_outcomes = Table(
    "submission_outcomes",
    metadata,
    # The submission and the number of the chunk. A sealed value is bound to one column that identifies its row.
    Column("chunk_id", String(52), primary_key=True),
    Column("submission_id", String(40), ForeignKey("submissions.submission_id"), nullable=False),
    # Outcomes are stored in chunks, so that no row of this table becomes too large.
    Column("chunk", Integer, nullable=False),
    Column("first_row", Integer, nullable=False),
    Column("outcomes", JSON, nullable=False),
    # The sender's own reference of each row.
    Column("references_sealed", LargeBinary, nullable=False),
    Index("ix_submission_outcomes_submission_id_chunk", "submission_id", "chunk", unique=True),
)

# Rows that were refused and not sent again since. Until then, nobody watches the resident of such a row.
refused_rows = Table(
    "refused_rows",
    metadata,
    Column("feed_id", String(24), ForeignKey("feeds.feed_id"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    # The keyed hash of the sender's reference, or of submission and row for a row without a reference.
    Column("row_key", LargeBinary(16), primary_key=True),
    Column("has_reference", Boolean, nullable=False),
    Column("submission_id", String(40), ForeignKey("submissions.submission_id"), nullable=False),
    Column("row", Integer, nullable=False),
    # The number of rows of that submission.
    Column("of_rows", Integer, nullable=False),
    Column("refused_at", Moment, nullable=False),
    # The operator is alerted from this time on.
    Column("due_at", Moment, nullable=False),
    Column("alerted_at", Moment),
    Index("ix_refused_rows_due_at", "due_at"),
)

# The newest file or body of each sender and kind that was refused as a whole, if none was taken in since.
refused_files = Table(
    "refused_files",
    metadata,
    Column("feed_id", String(24), ForeignKey("feeds.feed_id"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    # `file`, or `body` for JSON that was posted. A file that is taken in settles both.
    Column("sent_as", String(4), primary_key=True),
    # Says why, such as `no_headings`. No name of a file is kept, as it may name a person.
    Column("code", String(40), nullable=False),
    Column("refused_at", Moment, nullable=False),
    # The operator is alerted from this time on.
    Column("due_at", Moment, nullable=False),
    Column("alerted_at", Moment),
)

# The silence of each feed that has sent nothing for some days. No foreign key: the writer would wait for a submission.
feed_silences = Table(
    "feed_silences",
    metadata,
    Column("feed_id", String(24), primary_key=True),
    # The last submission before the silence. If the feed was heard since, the silence is over.
    Column("heard_at", Moment, nullable=False),
    # The operator is alerted from this time on, if it is a working day.
    Column("due_at", Moment, nullable=False),
    Column("alerted_at", Moment),
)

# Columns and words for codes that a sender has mapped by hand, and that later files are read by.
chosen_words = Table(
    "chosen_words",
    metadata,
    Column("feed_id", String(24), ForeignKey("feeds.feed_id"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    # `column`, or the field whose codes the word stands for.
    Column("what", String(20), primary_key=True),
    # Letters and digits of a heading, or of a word in a cell.
    Column("word", String(200), primary_key=True),
    Column("target", String(40), nullable=False),
    Column("chosen_at", Moment, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("feed_id", String(24), ForeignKey("feeds.feed_id"), primary_key=True),
    # A keyed digest of the sender's Idempotency-Key, because the key itself may hold personal data.
    Column("key_hash", LargeBinary(16), primary_key=True),
    # Shows that the same key was used for a different request.
    Column("request_digest", LargeBinary(16), nullable=False),
    Column("submission_id", String(40), ForeignKey("submissions.submission_id"), nullable=False),
    Column("created_at", Moment, nullable=False),
)
