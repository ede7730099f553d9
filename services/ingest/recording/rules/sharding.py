from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from schemas.events import CHUNK

# Shards per feed. Events are in order within a shard. Records store their shard, so a new number needs a migration.
SHARDS = 8

T = TypeVar("T")


def shard_of(record_key: bytes) -> int:
    # The key is a keyed hash, so its first byte spreads records evenly.
    return record_key[0] % SHARDS


def by_shard(feed_id: str, members: Iterable[T], shard: Callable[[T], int]) -> Iterator[tuple[str, Sequence[T]]]:
    """Split the members into chunks of one shard each.

    Yield pairs of a partition key, such as `provider:RAVN:3`, and a chunk.
    """
    shards: dict[int, list[T]] = defaultdict(list)
    for member in members:
        shards[shard(member)].append(member)
    for number, part in sorted(shards.items()):
        for start in range(0, len(part), CHUNK):
            yield f"{feed_id}:{number}", part[start : start + CHUNK]
