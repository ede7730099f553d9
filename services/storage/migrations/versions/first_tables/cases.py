from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    op.create_table(
        "alerts",
        sa.Column("pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("owed_since", sa.BigInteger(), nullable=False),
        sa.Column("check_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("link_revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pk", name="pk_alerts"),
        sa.UniqueConstraint("reference", name="uq_alerts_reference"),
    )
    op.create_index("ix_alerts_feed_id_created_at", "alerts", ["feed_id", "created_at"], unique=False)
    op.create_index(
        "ix_alerts_check_at",
        "alerts",
        ["check_at"],
        unique=False,
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
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
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("acknowledged_times", sa.Integer(), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("hold_until", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("tried_alert", sa.BigInteger(), nullable=True),
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
        sa.Column("policy_version", sa.Integer(), nullable=False),
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
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("destination", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("link_revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.String(length=10), nullable=True),
        sa.Column("receipt_at", sa.BigInteger(), nullable=True),
        sa.Column("receipt_due_at", sa.BigInteger(), nullable=True),
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
    op.create_index(
        "ix_deliveries_receipt_due_at",
        "deliveries",
        ["receipt_due_at"],
        unique=False,
        sqlite_where=sa.text("receipt_due_at IS NOT NULL"),
        postgresql_where=sa.text("receipt_due_at IS NOT NULL"),
    )
    op.create_table(
        "drills",
        sa.Column("alert_pk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert_pk"], ["alerts.pk"], name="fk_drills_alert_pk"),
        sa.PrimaryKeyConstraint("alert_pk", name="pk_drills"),
    )
    op.create_index("ix_drills_feed_id_month", "drills", ["feed_id", "month"], unique=True)
    op.create_index(
        "ix_drills_due_at",
        "drills",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "contact_verifications",
        sa.Column("contact_key", sa.LargeBinary(), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("alert_pk", sa.BigInteger(), nullable=True),
        sa.Column("test_alert_pk", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("contact_key", name="pk_contact_verifications"),
    )
    op.create_index("ix_contact_verifications_alert_pk", "contact_verifications", ["alert_pk"], unique=False)
    op.create_table(
        "alert_cases",
        sa.Column("alert_pk", sa.BigInteger(), nullable=False),
        sa.Column("case_pk", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("first_level", sa.Integer(), nullable=False),
        sa.Column("last_level", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert_pk"], ["alerts.pk"], name="fk_alert_cases_alert_pk"),
        sa.ForeignKeyConstraint(["case_pk"], ["cases.pk"], name="fk_alert_cases_case_pk"),
        sa.PrimaryKeyConstraint("alert_pk", "case_pk", name="pk_alert_cases"),
    )
    op.create_index("ix_alert_cases_case_pk_alert_pk", "alert_cases", ["case_pk", "alert_pk"], unique=False)
    op.create_table(
        "refused_contacts",
        sa.Column("contact_key", sa.LargeBinary(), nullable=False),
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("alert_pk", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("contact_key", name="pk_refused_contacts"),
    )
    op.create_index("ix_refused_contacts_alert_pk", "refused_contacts", ["alert_pk"], unique=False)
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_pk", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("acknowledge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("changes_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_pk"], ["deliveries.pk"], name="fk_delivery_attempts_delivery_pk"),
        sa.PrimaryKeyConstraint("delivery_pk", "number", name="pk_delivery_attempts"),
    )


def drop() -> None:
    op.drop_table("delivery_attempts")
    op.drop_index(
        "ix_drills_due_at",
        table_name="drills",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index("ix_drills_feed_id_month", table_name="drills")
    op.drop_table("drills")
    op.drop_index("ix_contact_verifications_alert_pk", table_name="contact_verifications")
    op.drop_table("contact_verifications")
    op.drop_index("ix_refused_contacts_alert_pk", table_name="refused_contacts")
    op.drop_table("refused_contacts")
    op.drop_index("ix_alert_cases_case_pk_alert_pk", table_name="alert_cases")
    op.drop_table("alert_cases")
    op.drop_index(
        "ix_deliveries_destination_due_at",
        table_name="deliveries",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_deliveries_receipt_due_at",
        table_name="deliveries",
        sqlite_where=sa.text("receipt_due_at IS NOT NULL"),
        postgresql_where=sa.text("receipt_due_at IS NOT NULL"),
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
    op.drop_index(
        "ix_alerts_check_at",
        table_name="alerts",
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.drop_index("ix_alerts_feed_id_created_at", table_name="alerts")
    op.drop_table("alerts")
