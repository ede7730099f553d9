from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, exists, select

from services.storage.dialect import among_keys
from services.storage.tables import entry_tokens, feeds, register_entries


def has_live_entries(connection: Connection, feed_id: str) -> bool:
    entries = register_entries.c
    return bool(connection.scalar(select(exists().where(entries.feed_id == feed_id, entries.live))))


def sealed_policy(connection: Connection, feed_id: str) -> bytes | None:
    sealed: bytes | None = connection.scalar(select(feeds.c.policy_sealed).where(feeds.c.feed_id == feed_id))
    return sealed


def keys_on_record(connection: Connection, keys: Collection[bytes], *, live: bool) -> set[bytes]:
    entries = register_entries.c
    query = select(entries.record_key).where(entries.live) if live else select(entries.record_key)
    conditions = among_keys(connection, entries.record_key, keys)
    return {key for condition in conditions for key in connection.scalars(query.where(condition))}


def owners_of_tokens(connection: Connection, feed_id: str, tokens: Collection[bytes]) -> list[tuple[bytes, bytes]]:
    entries, owned = register_entries.c, entry_tokens.c
    query = (
        select(owned.token, entries.record_key)
        .join(register_entries, entries.pk == owned.entry_pk)
        .where(entries.feed_id == feed_id, entries.live)
    )
    conditions = among_keys(connection, owned.token, tokens)
    return [(token, key) for condition in conditions for token, key in connection.execute(query.where(condition))]
