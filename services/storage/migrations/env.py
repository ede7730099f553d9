# `migrate.py` passes the connection.

from __future__ import annotations

from alembic import context

from services.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter a column, so Alembic copies the table.
    render_as_batch=connection.dialect.name == "sqlite",
    # If a migration fails, the migrations before it stay in place.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
