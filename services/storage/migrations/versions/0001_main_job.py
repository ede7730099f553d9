"""Creates all tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.storage.migrations.versions.first_tables import cases, intake, records, streams

revision = "0001"
down_revision = None

# A copy of the list in `sequences.py`, because a migration must not change when later code changes.
SEQUENCES = ("notices", "register_entries", "cases", "alerts", "deliveries", "outbox", "audit")


def upgrade() -> None:
    intake.create()
    streams.create()
    # Matches refer to notices and entries, and cases refer to entries.
    records.create()
    cases.create()
    # PostgreSQL has sequences. SQLite uses the table `sequences`.
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(sa.schema.CreateSequence(sa.Sequence(f"seq_{name}")))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(sa.schema.DropSequence(sa.Sequence(f"seq_{name}")))
    # In reverse order of creation, because of the foreign keys.
    cases.drop()
    records.drop()
    streams.drop()
    intake.drop()
