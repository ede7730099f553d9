from __future__ import annotations

import secrets

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from services.core.errors import PullcordError

TOKEN_BYTES = 8

# A pooler with several idle sessions might by chance give two different ones.
TRIES = 3

POOLED = (
    "PULLCORD_DATABASE_URL leads to a connection pooler that gives each transaction another session (pgbouncer with "
    "pool_mode = transaction or statement). Prepared statements, locks and time limits belong to a session: set "
    "pool_mode = session for this database, or connect to PostgreSQL itself"
)


class UnsuitableServerError(PullcordError):
    """The database or its connection pooler has unsuitable settings."""


def check_server(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        return
    try:
        with engine.connect() as connection:
            encoding = connection.scalar(text("SHOW server_encoding"))
    except OperationalError as error:
        # A pooler of statements refuses the first transaction. Its text is only searched, never shown.
        raise (UnsuitableServerError(POOLED) if "pooling mode" in str(error.orig) else error) from None
    if encoding != "UTF8":
        raise UnsuitableServerError(
            f"the database has the encoding {encoding}, which cannot hold every name: make it anew with "
            "`CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0`"
        )
    if any(_shares_sessions(engine) for _ in range(TRIES)):
        raise UnsuitableServerError(POOLED)


def _shares_sessions(engine: Engine) -> bool:
    # A setting of one session that another connection can see: both have the same session behind a pooler.
    token = secrets.token_hex(TOKEN_BYTES)
    with engine.connect() as one, engine.connect() as another:
        one.execute(text("SELECT set_config('pullcord.session', :token, false)"), {"token": token})
        one.commit()
        seen = another.scalar(text("SELECT current_setting('pullcord.session', true)"))
        return bool(seen == token)
