from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import insert, select, update

from services.core.audit import AuditAction
from services.core.clock import london_day
from services.core.errors import ConflictError, NotFoundError, RefusedError
from services.storage.audit import AuditRow, write_audit
from services.storage.store import Store
from services.storage.tables import api_keys, feeds

# The default validity of a key.
LASTS: Final = timedelta(days=365)


class KeyEndedError(RefusedError):
    """The API key is correct but has expired."""

    # A caller with a wrong secret never gets this error.

    def __init__(self, expires_at: datetime) -> None:
        day = london_day(expires_at)
        super().__init__(f"this key ended on {day.day} {day:%B %Y}: ask whoever runs this Pullcord for a new one")


class Role(StrEnum):
    PROVIDER = "provider"
    COUNCIL = "council"
    REGULATOR = "regulator"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    key_id: str
    role: Role
    feed_id: str | None


@dataclass(frozen=True, slots=True)
class KeyListing:
    key_id: str
    role: Role
    feed_id: str | None
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def create_key(store: Store, role: Role, feed_id: str | None, label: str, *, lasts: timedelta = LASTS) -> str:
    """Raises NotFoundError if the feed is unknown. Raises ConflictError if the role does not fit the feed."""
    # The key is stored only as a hash, so it cannot be shown again.
    _check(store, role, feed_id)
    # 48 bits identify the key. The other 264 bits are the secret.
    now, key_id, secret = store.now(), store.random(6).hex(), urlsafe_b64encode(store.random(33)).decode()
    expires_at = now + lasts
    with store.writing() as connection:
        connection.execute(
            insert(api_keys).values(
                key_id=key_id,
                secret_hash=_hash(secret),
                role=role.value,
                feed_id=feed_id,
                label=label,
                created_at=now,
                expires_at=expires_at,
            )
        )
        fields = {"key": key_id, "role": role.value, "expires_at": expires_at.isoformat()}
        row = AuditRow(AuditAction.KEY_CREATED, fields, subject=key_id, feed_id=feed_id)
        write_audit(connection, store.vault, [row], now)
    return f"pcd.{key_id}.{secret}"


def find_caller(store: Store, presented: str) -> Caller | None:
    """Return None if the key is unknown, wrong or revoked. Raises KeyEndedError if the key has expired."""
    prefix, _, rest = presented.partition(".")
    key_id, _, secret = rest.partition(".")
    if prefix != "pcd" or not key_id.isalnum() or not secret:
        return None
    with store.reading() as connection:
        row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
    # Compared in constant time, so that response times reveal nothing about the hash.
    if row is None or row.revoked_at is not None or not hmac.compare_digest(row.secret_hash, _hash(secret)):
        return None
    # Checked last, so that only a caller with the secret learns that the key existed.
    if row.expires_at <= store.now():
        raise KeyEndedError(row.expires_at)
    return Caller(row.key_id, Role(row.role), row.feed_id)


def list_keys(store: Store) -> Sequence[KeyListing]:
    row = api_keys.c
    listed = (row.key_id, row.role, row.feed_id, row.label, row.created_at, row.expires_at, row.revoked_at)
    query = select(*listed).order_by(row.created_at)
    with store.reading() as connection:
        return [KeyListing(one.key_id, Role(one.role), *one[2:]) for one in connection.execute(query)]


def revoke_key(store: Store, key_id: str) -> None:
    now = store.now()
    with store.writing() as connection:
        row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
        if row is None:
            raise NotFoundError("there is no key with this id: `pullcord keys list` shows them")
        # If the key is revoked already, the first time of revocation stays on record.
        if row.revoked_at is not None:
            return
        connection.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(revoked_at=now))
        said = AuditRow(AuditAction.KEY_REVOKED, {"key": key_id}, subject=key_id, feed_id=row.feed_id)
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
    # Nobody can guess 264 random bits, so a fast hash is safe.
    return hashlib.sha256(secret.encode()).digest()
