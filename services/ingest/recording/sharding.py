"""Records in chunks of one shard each, so that what is told of one record keeps its order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from schemas.events import CHUNK

SHARDS = 8
"""Into how many parts a feed's records fall; order is kept within one."""

T = TypeVar("T")


def shard_of(record_key: bytes) -> int:
    """The shard of a record, from the key it is recorded under."""
    return record_key[0] % SHARDS


def by_shard(feed_id: str, members: Iterable[T], shard: Callable[[T], int]) -> Iterator[tuple[str, Sequence[T]]]:
    """Members in chunks of at most `CHUNK`, each with the partition key of its feed and shard."""
    shards: dict[int, list[T]] = defaultdict(list)
    for member in members:
        shards[shard(member)].append(member)
    for number, part in sorted(shards.items()):
        for start in range(0, len(part), CHUNK):
            yield f"{feed_id}:{number}", part[start : start + CHUNK]
