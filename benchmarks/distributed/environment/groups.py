"""Who shares the partitions of the broker's topics."""

from __future__ import annotations

from kafka import KafkaAdminClient
from kafka.errors import CoordinatorNotAvailableError

from benchmarks.distributed.environment.processes import READY_SECONDS, until


def wait_for_group(broker: str, group: str, members: int) -> None:
    """Wait until so many members have shared the partitions out among them.

    Raises TimeoutError.
    """
    admin = KafkaAdminClient(bootstrap_servers=broker)
    try:
        until(lambda: _members(admin, group) == members, READY_SECONDS, f"{members} in the group {group}")
    finally:
        admin.close()


def _members(admin: KafkaAdminClient, group: str) -> int:
    """How many share the partitions; 0 while they are still at it."""
    try:
        described = admin.describe_groups([group])
    except CoordinatorNotAvailableError:
        return 0
    found = described[group] if isinstance(described, dict) else described[0]
    return len(found["members"]) if found["group_state"] == "Stable" else 0
