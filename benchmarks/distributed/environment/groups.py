from __future__ import annotations

from kafka import KafkaAdminClient
from kafka.errors import CoordinatorNotAvailableError

from benchmarks.distributed.environment.processes import READY_SECONDS, until


def wait_for_group(broker: str, group: str, members: int) -> None:
    """Wait until the group has this many members. Raises TimeoutError after `READY_SECONDS`."""
    admin = KafkaAdminClient(bootstrap_servers=broker)
    try:
        until(lambda: _members(admin, group) == members, READY_SECONDS, f"{members} in the group {group}")
    finally:
        admin.close()


def _members(admin: KafkaAdminClient, group: str) -> int:
    # Returns 0 while the group rebalances, because members may then be listed without a partition.
    try:
        described = admin.describe_groups([group])
    # A broker that has just started has no coordinator for the group yet.
    except CoordinatorNotAvailableError:
        return 0
    found = described[group] if isinstance(described, dict) else described[0]
    return len(found["members"]) if found["group_state"] == "Stable" else 0
