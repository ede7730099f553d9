from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Connection

from services.alerts.policy.policy import CouncilPolicy
from services.alerts.policy.store import CouncilRow, find_council, save_policy
from services.core.audit import AuditAction
from services.core.days.working_days import nation_of
from services.core.errors import ConflictError, NotFoundError
from services.storage.audit import AuditRow
from services.storage.damage import damaged_name
from services.storage.events.quarantine import drop_mended
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import VaultError, place


@dataclass(frozen=True, slots=True)
class Council:
    # `version` is 0 for the default policy. STAND_IN replaces a damaged policy.
    feed_id: str
    name: str
    policy: CouncilPolicy
    version: int
    damaged: bool = False


# Takes the place of a damaged policy. It has no contacts, so the alerts go to the operator, and no feed may end or
# delay a case without a person.
STAND_IN: Final = CouncilPolicy(relaxed_without_consent=0, relaxed_share_without_consent=0)


def load_council(connection: Connection, store: Store, feed_id: str) -> Council:
    """Raises NotFoundError if there is no such council."""
    row = _found(connection, feed_id)
    try:
        return Council(feed_id, row.name, with_nation(_policy(store, row), feed_id), row.policy_version)
    except (VaultError, ValidationError):
        # Without a policy nobody would be alerted about the cases of this council.
        store.damaged.note("feeds", feed_id)
        return Council(feed_id, row.name, with_nation(STAND_IN, feed_id), row.policy_version, damaged=True)


def with_nation(policy: CouncilPolicy, feed_id: str) -> CouncilPolicy:
    # A policy without a nation gets the nation of the council's GSS code.
    return policy if policy.nation else policy.model_copy(update={"nation": nation_of(feed_id)})


class PolicyMovedError(ConflictError):
    """The stored policy has changed since it was read."""


def set_policy(store: Store, feed_id: str, policy: CouncilPolicy, by: str, *, replaces: int | None = None) -> int:
    """Save a new version of the policy, and return the number of the new version.

    Raises PolicyMovedError if the stored version is not `replaces`, the version that the caller has read.
    """
    now = store.now()
    with store.writing() as connection:
        # The policy that is replaced is not opened: it may be damaged.
        version = _found(connection, feed_id).policy_version + 1
        if replaces not in (None, version - 1):
            raise PolicyMovedError(f"the policy has version {version - 1} by now: read it again, and change that one")
        sealed = store.vault.seal_json(place("feeds", feed_id.encode()), policy.stored().encode())
        if not save_policy(connection, feed_id, version, sealed, _calendar(policy)):
            raise PolicyMovedError("somebody else has changed the policy just now: read it again, and change that one")
        drop_mended(connection, store, damaged_name("feeds", feed_id), by)
        row = AuditRow(AuditAction.POLICY_CHANGED, {"version": version}, subject=feed_id, feed_id=feed_id, actor=by)
        UnitOfWork(connection, store, now).record_audit(row)
    return version


def _calendar(policy: CouncilPolicy) -> dict[str, object]:
    closed = [[str(one.first), str(one.until)] for one in policy.closures]
    return {"nation": policy.nation.value if policy.nation else None, "closed": closed}


def _found(connection: Connection, feed_id: str) -> CouncilRow:
    row = find_council(connection, feed_id)
    if row is None:
        raise NotFoundError("no such council: add it first")
    return row


def _policy(store: Store, row: CouncilRow) -> CouncilPolicy:
    if row.policy_sealed is None:
        return CouncilPolicy()
    return CouncilPolicy.model_validate(store.vault.open(place("feeds", row.feed_id.encode()), row.policy_sealed))
