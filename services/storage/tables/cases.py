"""Cases, the alerts about them, and what became of each delivery."""

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

ENDS = ("post_check_passed", "closed", "false_match", "service_ended", "notice_withdrawn")
"""The states in which a case is over, as the state table has them: storage does not know the table."""

OPEN_IS_DUE = f"due_at IS NOT NULL OR state IN ({', '.join(repr(state) for state in ENDS)})"
"""An open case always has a time at which it is looked at again: without one it would be silent for ever."""

cases = Table(
    "cases",
    metadata,
    pk(),
    Column("reference", String(16), nullable=False, unique=True),
    Column("feed_id", String(24), nullable=False),
    Column("entry_pk", BigInteger, ForeignKey("register_entries.pk"), nullable=False, unique=True),
    Column("state", String(24), nullable=False),
    Column("state_since", Moment, nullable=False),
    Column("level", String(10)),
    Column("harm_on", Date),
    Column("planned_on", Date),
    Column("restriction_on", Date),
    Column("lines", Integer, nullable=False),
    Column("notice_issued_at", Moment),
    Column("providers", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("last_alert_at", Moment),
    Column("last_threshold", Integer),
    Column("warned", Boolean, nullable=False),
    Column("paused_until", Moment),
    Column("hold_until", Date),
    Column("review_on", Date),
    Column("seen", JSON, nullable=False),
    Column("facts", Integer, nullable=False),
    Column("tried_at", Moment),
    Column("tested_on", Date),
    Column("solution", String(24)),
    Column("claimed_by", Text, nullable=False),
    Column("time_steps", JSON, nullable=False),
    Column("due_at", Moment),
    Column("rulesets", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint(OPEN_IS_DUE, name="open_case_is_due"),
    Index("ix_cases_feed_id_state", "feed_id", "state"),
    Index(
        "ix_cases_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
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
    Column("acknowledged_at", Moment),
    Column("accepted_at", Moment),
    Index("ix_alerts_feed_id_created_at", "feed_id", "created_at"),
)

alert_cases = Table(
    "alert_cases",
    metadata,
    Column("alert_pk", BigInteger, ForeignKey("alerts.pk"), primary_key=True),
    Column("case_pk", BigInteger, ForeignKey("cases.pk"), primary_key=True),
    Column("threshold", Integer, nullable=False),
    Column("reason", String(30), nullable=False),
    Column("facts", Integer, nullable=False),
    Index("ix_alert_cases_case_pk", "case_pk"),
)

deliveries = Table(
    "deliveries",
    metadata,
    pk(),
    Column("alert_pk", BigInteger, ForeignKey("alerts.pk"), nullable=False),
    Column("tier", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("route_sealed", LargeBinary, nullable=False),
    Column("destination", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("settled_at", Moment),
    Index("ix_deliveries_alert_pk", "alert_pk"),
    Index(
        "ix_deliveries_destination_due_at",
        "destination",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_pk", BigInteger, ForeignKey("deliveries.pk"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("deadline_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String(20)),
    Column("reason", String(60)),
)
