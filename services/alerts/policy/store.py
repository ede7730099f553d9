from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, case, select, update

from services.storage.tables import feeds


class CouncilRow(NamedTuple):
    feed_id: str
    name: str
    policy_version: int
    # None for the default policy.
    policy_sealed: bytes | None


def find_council(connection: Connection, feed_id: str) -> CouncilRow | None:
    row = connection.execute(select(feeds).where(feeds.c.feed_id == feed_id, feeds.c.kind == "council")).one_or_none()
    return None if row is None else CouncilRow(feed_id, row.name, row.policy_version, row.policy_sealed)


def councils_on_record(connection: Connection) -> list[str]:
    return list(connection.scalars(select(feeds.c.feed_id).where(feeds.c.kind == "council").order_by(feeds.c.feed_id)))


def save_policy(
    connection: Connection, feed_id: str, version: int, sealed: bytes, calendar: Mapping[str, object]
) -> bool:
    """Return False, and save nothing, if the stored version is not `version` - 1."""
    # The calendar is stored clear too: the watchdog has no keys.
    values = {"policy_version": version, "policy_sealed": sealed, "calendar": calendar}
    before = (feeds.c.feed_id == feed_id) & (feeds.c.policy_version == version - 1)
    return connection.execute(update(feeds).where(before).values(values)).rowcount == 1


def councils_to_recompute(connection: Connection) -> list[str]:
    changed = feeds.c.policy_version != feeds.c.recomputed_version
    return list(connection.scalars(select(feeds.c.feed_id).where(changed)))


def recomputed_version(connection: Connection, feed_id: str) -> int:
    version: int = connection.scalars(select(feeds.c.recomputed_version).where(feeds.c.feed_id == feed_id)).one()
    return version


def mark_recomputed(connection: Connection, feed_id: str, version: int, *, before: int) -> None:
    """Set `recomputed_version` to `version`, but only if the stored value is still `before`."""
    unchanged = (feeds.c.feed_id == feed_id) & (feeds.c.recomputed_version == before)
    connection.execute(update(feeds).where(unchanged).values(recomputed_version=version))


def recompute_every_council(connection: Connection) -> None:
    # A value that no council had before: whoever recomputes at this moment must not mark the council as done.
    version = feeds.c.recomputed_version
    fresh = case((version > 0, -1), else_=version - 1)
    connection.execute(update(feeds).where(feeds.c.kind == "council").values(recomputed_version=fresh))


def councils_with_other_rules(connection: Connection, ruleset: str) -> list[str]:
    other = feeds.c.reviewed_ruleset.is_distinct_from(ruleset)
    return list(connection.scalars(select(feeds.c.feed_id).where(feeds.c.kind == "council", other)))


def mark_reviewed(connection: Connection, feed_id: str, ruleset: str) -> None:
    connection.execute(update(feeds).where(feeds.c.feed_id == feed_id).values(reviewed_ruleset=ruleset))


def provider_names(connection: Connection, codes: Collection[str]) -> dict[str, str]:
    query = select(feeds.c.code, feeds.c.name).where(feeds.c.kind == "provider", feeds.c.code.in_(codes))
    return {row.code: row.name for row in connection.execute(query)}
