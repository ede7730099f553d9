from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from services.core.errors import RefusedError
from services.storage.store import Store
from services.storage.tables import api_keys, feeds

Kind = Literal["provider", "council"]

# The form of a provider's code (its RCPID) and of a council's code (its GSS code).
_CODES = {"provider": re.compile(r"[A-Z]{4}"), "council": re.compile(r"[ENSW]\d{8}")}
_FORMS = {
    "provider": "a provider's code is its four-letter RCPID, such as RAVN",
    "council": "a council's code is its GSS code, such as E06000009",
}


@dataclass(frozen=True, slots=True)
class Feed:
    feed_id: str
    kind: Kind
    code: str
    name: str
    last_heard_at: datetime | None
    # How a council reaches a provider about a line.
    contact: str | None = None


def feed_id_of(kind: Kind, code: str) -> str:
    """Raises RefusedError if the code has the wrong form."""
    code = code.strip().upper()
    if not _CODES[kind].fullmatch(code):
        raise RefusedError(_FORMS[kind])
    return f"{kind}:{code}"


def ended_by_operator() -> ColumnElement[bool]:
    """Return a condition for feeds that have sent nothing since the operator revoked all their keys."""
    # A feed without keys may send its files in another way.
    key = api_keys.c
    keys = select(key.key_id).where(key.feed_id == feeds.c.feed_id)
    last_revoked = select(func.max(key.revoked_at)).where(key.feed_id == feeds.c.feed_id).scalar_subquery()
    unheard = or_(feeds.c.last_heard_at.is_(None), feeds.c.last_heard_at <= last_revoked)
    return keys.exists() & ~keys.where(key.revoked_at.is_(None)).exists() & unheard


def add_feed(store: Store, kind: Kind, code: str, name: str) -> str:
    feed_id = feed_id_of(kind, code)
    with store.writing() as connection:
        known = connection.scalar(select(feeds.c.feed_id).where(feeds.c.feed_id == feed_id))
        # A feed that exists keeps its name, so the call can be repeated safely.
        if known is None:
            connection.execute(
                insert(feeds).values(
                    feed_id=feed_id,
                    kind=kind,
                    code=feed_id.partition(":")[2],
                    name=name,
                    created_at=store.now(),
                )
            )
    return feed_id


def set_contact(store: Store, feed_id: str, contact: str | None) -> None:
    with store.writing() as connection:
        connection.execute(update(feeds).where(feeds.c.feed_id == feed_id).values(contact=contact))


def list_feeds(connection: Connection, kind: Kind | None = None) -> Sequence[Feed]:
    row = feeds.c
    query = select(row.feed_id, row.kind, row.code, row.name, row.last_heard_at, row.contact).order_by(
        row.kind, row.code
    )
    if kind is not None:
        query = query.where(row.kind == kind)
    return [Feed(*values) for values in connection.execute(query)]


def lock_feed(connection: Connection, feed_id: str) -> None:
    # Submissions of one feed must run one after another, because each depends on the feed's records.
    connection.execute(select(feeds.c.feed_id).where(feeds.c.feed_id == feed_id).with_for_update())
