"""Loads councils with their alert policies, and saves policies."""

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
    """A council with its alert policy. `version` is 0 if the council still has the default policy."""

    feed_id: str
    name: str
    policy: CouncilPolicy
    version: int


def load_council(connection: Connection, store: Store, feed_id: str) -> Council:
    """Return a council with its policy. Raises NotFoundError if there is no such council."""
    row = find_council(connection, feed_id)
    if row is None:
        raise NotFoundError("no such council: add it first")
    return Council(feed_id, row.name, _policy(store, row), row.policy_version)


def set_policy(store: Store, feed_id: str, policy: CouncilPolicy, by: str) -> int:
    """Save a council's policy and return its new version. The policy is sealed because its routes are secret."""
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
