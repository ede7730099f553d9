"""Councils as alerts see them: their names and their policies."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from services.alerts.policy.policy import CouncilPolicy
from services.alerts.policy.store import CouncilRow, find_council, save_policy
from services.core.audit import AuditAction
from services.core.errors import NotFoundError
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import place


@dataclass(frozen=True, slots=True)
class Council:
    """A council as alerts see it. `version` is 0 while it has no policy of its own and the defaults hold."""

    feed_id: str
    name: str
    policy: CouncilPolicy
    version: int


def load_council(connection: Connection, store: Store, feed_id: str) -> Council:
    """A council and its policy.

    Raises NotFoundError.
    """
    row = find_council(connection, feed_id)
    if row is None:
        raise NotFoundError("no such council: add it first")
    return Council(feed_id, row.name, _policy(store, row), row.policy_version)


def set_policy(store: Store, feed_id: str, policy: CouncilPolicy, by: str) -> int:
    """Record a council's policy, sealed because its routes are secrets. Returns its version."""
    now = store.now()
    with store.writing() as connection:
        version = load_council(connection, store, feed_id).version + 1
        sealed = store.vault.seal_json(place("feeds", feed_id.encode()), policy.stored().encode())
        save_policy(connection, feed_id, version, sealed)
        row = AuditRow(AuditAction.POLICY_CHANGED, {"version": version}, subject=feed_id, feed_id=feed_id, actor=by)
        UnitOfWork(connection, store, now).record_audit(row)
    return version


def _policy(store: Store, row: CouncilRow) -> CouncilPolicy:
    if row.policy_sealed is None:
        return CouncilPolicy()
    return CouncilPolicy.model_validate(store.vault.open(place("feeds", row.feed_id.encode()), row.policy_sealed))
