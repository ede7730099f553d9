"""API keys: made once, shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select, update

from services.core.audit import AuditWord
from services.core.errors import ConflictError, NotFoundError
from services.storage.audit import AuditRow, write_audit
from services.storage.store import Store
from services.storage.tables import api_keys, feeds


class Role(StrEnum):
    """Whom a key speaks for: a provider and a council see their own, the regulator figures, the operator health."""

    PROVIDER = "provider"
    COUNCIL = "council"
    REGULATOR = "regulator"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as its key says."""

    key_id: str
    role: Role
    feed_id: str | None


@dataclass(frozen=True, slots=True)
class KeyListing:
    """A key as it can be listed; the secret is not on record."""

    key_id: str
    role: Role
    feed_id: str | None
    label: str
    created_at: datetime
    revoked_at: datetime | None


def create_key(store: Store, role: Role, feed_id: str | None, label: str) -> str:
    """A new key for a feed. This is the only time it can be seen.

    Raises NotFoundError for a feed that does not exist, ConflictError for a role that does not fit it.
    """
    _check(store, role, feed_id)
    now, key_id, secret = store.now(), store.random(6).hex(), urlsafe_b64encode(store.random(33)).decode()
    with store.writing() as connection:
        connection.execute(
            insert(api_keys).values(
                key_id=key_id,
                secret_hash=_hash(secret),
                role=role.value,
                feed_id=feed_id,
                label=label,
                created_at=now,
            )
        )
        fields = {"key": key_id, "role": role.value}
        row = AuditRow(AuditWord.KEY_CREATED, fields, subject=key_id, feed_id=feed_id)
        write_audit(connection, store.vault, [row], now)
    return f"pcd.{key_id}.{secret}"


def find_caller(store: Store, presented: str) -> Caller | None:
    """Who a presented key belongs to, or None for one that is unknown, wrong or revoked."""
    prefix, _, rest = presented.partition(".")
    key_id, _, secret = rest.partition(".")
    if prefix != "pcd" or not key_id.isalnum() or not secret:
        return None
    with store.reading() as connection:
        row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
    if row is None or row.revoked_at is not None or not hmac.compare_digest(row.secret_hash, _hash(secret)):
        return None
    return Caller(row.key_id, Role(row.role), row.feed_id)


def list_keys(store: Store) -> Sequence[KeyListing]:
    """Every key, the oldest first."""
    row = api_keys.c
    query = select(row.key_id, row.role, row.feed_id, row.label, row.created_at, row.revoked_at).order_by(
        row.created_at
    )
    with store.reading() as connection:
        return [KeyListing(one.key_id, Role(one.role), *one[2:]) for one in connection.execute(query)]


def revoke_key(store: Store, key_id: str) -> None:
    """Revoke a key, at once and for good; revoking it again changes nothing.

    Raises NotFoundError.
    """
    now = store.now()
    with store.writing() as connection:
        row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
        if row is None:
            raise NotFoundError("there is no key with this id: `pullcord keys list` shows them")
        if row.revoked_at is not None:
            return
        connection.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(revoked_at=now))
        said = AuditRow(AuditWord.KEY_REVOKED, {"key": key_id}, subject=key_id, feed_id=row.feed_id)
        write_audit(connection, store.vault, [said], now)


def _check(store: Store, role: Role, feed_id: str | None) -> None:
    if feed_id is None:
        if role in (Role.PROVIDER, Role.COUNCIL):
            raise ConflictError(f"a {role} key needs its {role}: name it")
        return
    if feed_id.partition(":")[0] != role:
        raise ConflictError(f"a {role} key cannot belong to {feed_id}")
    with store.reading() as connection:
        if connection.scalar(select(feeds.c.feed_id).where(feeds.c.feed_id == feed_id)) is None:
            raise NotFoundError(f"{feed_id} is not known: add it first")


def _hash(secret: str) -> bytes:
    # The secret has 264 random bits: nothing is won by a slow hash.
    return hashlib.sha256(secret.encode()).digest()
