from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from services.storage.tables.base import Moment, metadata, pk

# States in which a case is over. This is a copy of the list in the state table, which storage must not import.
ENDS = ("post_check_passed", "closed", "false_match", "service_ended", "notice_withdrawn")

# An open case always has a time of its next review. Without that time the case would never alert again.
OPEN_IS_DUE = f"due_at IS NOT NULL OR state IN ({', '.join(repr(state) for state in ENDS)})"

cases = Table(
    "cases",
    metadata,
    pk(),
    Column("reference", String(16), nullable=False, unique=True),
    Column("feed_id", String(24), nullable=False),
    # Each register entry has at most one case. A case that is over may open again.
    Column("entry_pk", BigInteger, ForeignKey("register_entries.pk"), nullable=False, unique=True),
    Column("state", String(24), nullable=False),
    Column("state_since", Moment, nullable=False),
    Column("level", String(10)),
    # The earliest day on which the alarm may stop working.
    Column("harm_on", Date),
    Column("planned_on", Date),
    Column("restriction_on", Date),
    # The number of lines at risk.
    Column("lines", Integer, nullable=False),
    Column("notice_issued_at", Moment),
    # RCPIDs of the lines at risk, separated by blanks.
    Column("providers", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("last_alert_at", Moment),
    Column("last_threshold", Integer),
    # The highest level that had a message since a person last acted: 0, a tier of the council, or the operator.
    Column("asked", Integer, nullable=False),
    # The number of unanswered messages since a person last acted.
    Column("unanswered", Integer, nullable=False),
    # The number of acknowledgements since a person last recorded a step.
    Column("acknowledged_times", Integer, nullable=False),
    # True while the council knows of the danger and does not yet know that the danger is over.
    Column("warned", Boolean, nullable=False),
    # Set by a person's act. No alert is sent before this time.
    Column("paused_until", Moment),
    Column("hold_until", Date),
    Column("review_on", Date),
    # The last known state of each line, by notice id.
    Column("seen", JSON, nullable=False),
    # The number of new facts. An acknowledgement covers only the facts that its message contained.
    Column("facts", Integer, nullable=False),
    # The time of the last message, if no mail system has accepted it yet.
    Column("tried_at", Moment),
    # The id of the last alert about the case, if no mail system has accepted a message of it yet.
    Column("tried_alert", BigInteger),
    # The day of the last test call that passed after a move.
    Column("tested_on", Date),
    Column("solution", String(24)),
    # Providers that report a move but never sent a notice of it.
    Column("claimed_by", Text, nullable=False),
    # The last changes that the passing of time made. They can be undone if the clock was wrong.
    Column("time_steps", JSON, nullable=False),
    # What the feeds said at the last review.
    Column("believed", JSON(none_as_null=True)),
    # Set while a change of a feed waits until a person agrees.
    Column("changes_wait_since", Moment),
    Column("changes_raised_on", Date),
    # When a change of a feed last ended or delayed the case without a person.
    Column("relaxed_at", Moment),
    # The time of the next review.
    Column("due_at", Moment),
    # The rule sets that apply to the case, separated by blanks: see `rules_in_force`.
    Column("rulesets", Text, nullable=False),
    # The version of the council's policy at the last review, or 0 for the default policy.
    Column("policy_version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint(OPEN_IS_DUE, name="open_case_is_due"),
    Index("ix_cases_feed_id_state", "feed_id", "state"),
    Index(
        "ix_cases_feed_id_relaxed_at",
        "feed_id",
        "relaxed_at",
        sqlite_where=text("relaxed_at IS NOT NULL"),
        postgresql_where=text("relaxed_at IS NOT NULL"),
    ),
    Index(
        "ix_cases_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    # The due cases of one council, without its other cases.
    Index(
        "ix_cases_feed_id_due_at",
        "feed_id",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

# One row for each council. Whoever uses up a council's allowance of relaxed cases writes it, one after another.
relaxations = Table(
    "relaxations",
    metadata,
    Column("feed_id", String(24), primary_key=True),
    Column("taken_at", Moment, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    pk(),
    Column("reference", String(16), nullable=False, unique=True),
    Column("feed_id", String(24), nullable=False),
    Column("threshold", Integer, nullable=False),
    Column("reason", String(30), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("cases", Integer, nullable=False),
    # True if the message does not wait for the next working day.
    Column("urgent", Boolean, nullable=False),
    # When the first alert was written that this one joined, or this alert itself.
    Column("owed_since", Moment, nullable=False),
    # When to look whether every tier of the alert was reached. Empty once nobody else is to be asked.
    Column("check_at", Moment),
    Column("acknowledged_at", Moment),
    # The time when a mail system or pager first accepted a message of this alert.
    Column("accepted_at", Moment),
    # The time when a person revoked the links in all messages of this alert.
    Column("link_revoked_at", Moment),
    Index("ix_alerts_feed_id_created_at", "feed_id", "created_at"),
    Index(
        "ix_alerts_check_at",
        "check_at",
        sqlite_where=text("check_at IS NOT NULL"),
        postgresql_where=text("check_at IS NOT NULL"),
    ),
)

alert_cases = Table(
    "alert_cases",
    metadata,
    Column("alert_pk", BigInteger, ForeignKey("alerts.pk"), primary_key=True),
    Column("case_pk", BigInteger, ForeignKey("cases.pk"), primary_key=True),
    Column("threshold", Integer, nullable=False),
    Column("reason", String(30), nullable=False),
    # The levels that the alert is for: the tiers of the council in order, then the operator.
    Column("first_level", Integer, nullable=False),
    Column("last_level", Integer, nullable=False),
    # The number of the case's `facts` when this alert was written.
    Column("facts", Integer, nullable=False),
    # With both columns, whoever looks for the alerts of many cases reads the index alone.
    Index("ix_alert_cases_case_pk_alert_pk", "case_pk", "alert_pk"),
)

deliveries = Table(
    "deliveries",
    metadata,
    pk(),
    Column("alert_pk", BigInteger, ForeignKey("alerts.pk"), nullable=False),
    Column("tier", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("channel", String(30), nullable=False),
    # False if nobody had verified the address when the delivery was written.
    Column("verified", Boolean, nullable=False),
    Column("address_sealed", LargeBinary, nullable=False),
    # A keyed digest of the destination. It allows a limit for each destination without opening the sealed route.
    Column("destination", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("settled_at", Moment),
    # The time when a person revoked the links in the messages of this delivery.
    Column("link_revoked_at", Moment),
    # What the receipt says: awaited, delivered or failed. Empty if the channel gives no receipts.
    Column("receipt", String(10)),
    # The time that the service itself gives for the receipt. Of two receipts, the later one counts.
    Column("receipt_at", Moment),
    # When to ask the service for the receipt, in case it does not send it.
    Column("receipt_due_at", Moment),
    Index("ix_deliveries_alert_pk", "alert_pk"),
    Index(
        "ix_deliveries_receipt_due_at",
        "receipt_due_at",
        sqlite_where=text("receipt_due_at IS NOT NULL"),
        postgresql_where=text("receipt_due_at IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_destination_due_at",
        "destination",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

# A drill has an alert, whose deliveries are its messages. The alert has no cases.
drills = Table(
    "drills",
    metadata,
    Column("alert_pk", BigInteger, ForeignKey("alerts.pk"), primary_key=True, autoincrement=False),
    # The council whose people are asked. The alert itself belongs to no council.
    Column("feed_id", String(24), nullable=False),
    # The month of a monthly drill, such as `2026-12`. Empty if a person started the drill.
    Column("month", String(7)),
    Column("state", String(12), nullable=False),
    # The highest tier that was asked, from 1; 0 if there was nobody to ask.
    Column("level", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    # An answer by this time counts as one within a working day.
    Column("answer_by", Moment, nullable=False),
    # When the last tier was asked.
    Column("asked_at", Moment, nullable=False),
    # The time of the next step. Empty once the drill is over.
    Column("due_at", Moment),
    Column("failed_at", Moment),
    # When the alert to the operator about the failure was written.
    Column("reported_at", Moment),
    Column("answered_at", Moment),
    # No month has two drills of a council, whichever processes begin them.
    Index("ix_drills_feed_id_month", "feed_id", "month", unique=True),
    Index(
        "ix_drills_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

# Contacts are named by keyed digests. The contacts themselves are in the sealed policy of the council.
contact_verifications = Table(
    "contact_verifications",
    metadata,
    Column("contact_key", LargeBinary, primary_key=True),
    Column("feed_id", String(24), nullable=False),
    # The random number from which the waiting code is made, by the key of the deployment.
    Column("nonce", LargeBinary),
    Column("expires_at", Moment),
    # Wrong codes since the code was made.
    Column("tries", Integer, nullable=False),
    Column("verified_at", Moment),
    # The messages that carry the code and the last test.
    Column("alert_pk", BigInteger),
    Column("test_alert_pk", BigInteger),
    Index("ix_contact_verifications_alert_pk", "alert_pk"),
)

# The addresses of contacts that refuse messages for good, until a message to them is accepted again.
refused_contacts = Table(
    "refused_contacts",
    metadata,
    # A keyed digest of the council, person, channel and address.
    Column("contact_key", LargeBinary, primary_key=True),
    Column("feed_id", String(24), nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", String(30), nullable=False),
    Column("refused_at", Moment, nullable=False),
    # When to report it to the manager. Empty once it is reported.
    Column("due_at", Moment),
    # The alert that reports it.
    Column("alert_pk", BigInteger),
    Index("ix_refused_contacts_alert_pk", "alert_pk"),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_pk", BigInteger, ForeignKey("deliveries.pk"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Moment, nullable=False),
    # An attempt that has no outcome by this time is in doubt: its process died or hangs.
    Column("deadline_at", Moment, nullable=False),
    # Empty while the attempt is running, and for ever if its process died.
    Column("ended_at", Moment),
    Column("outcome", String(20)),
    Column("reason", String(60)),
    # Keyed hashes of the codes of the links in this attempt's message. The codes themselves are stored nowhere.
    Column("acknowledge_hash", LargeBinary, nullable=False),
    Column("changes_hash", LargeBinary, nullable=False),
)
