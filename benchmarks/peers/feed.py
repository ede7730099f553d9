"""Writes notices and register entries to the broker."""
# The key of each message is a token of the telephone number.
# Messages have the fields of Pullcord's own events. A line on standard input starts them.

from __future__ import annotations

import hmac
import json
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator

from confluent_kafka import Producer  # type: ignore[import-not-found]  # it is in the peers' environment only
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[import-not-found]

from benchmarks.peers.job import ENTRIES, FAUST, MATCHES, NOTICES, PARTITIONS, Job
from benchmarks.world import County

KEY = b"t" * 32


def token(number: str) -> bytes:
    # The kind and 128 bits of an HMAC: as long as Pullcord's own tokens.
    code = hmac.digest(KEY, number.encode(), "sha256")[:16]
    return b"1" + urlsafe_b64encode(code)[:22]


def messages(county: County) -> Iterator[tuple[str, bytes, bytes]]:
    entries = [row for body in county.entry_bodies() for row in json.loads(body)["entries"]]
    notices = [row for body in county.notice_bodies() for row in json.loads(body)["notices"]]
    for place in range(max(len(entries), len(notices))):
        if place < len(entries):
            row = entries[place]
            said = {"entry": place, "revision": 1, "service_status": "active", "connection": row["connection"]}
            yield ENTRIES, token(row["cli"]), json.dumps(said).encode()
        if place < len(notices):
            yield NOTICES, token(notices[place]["cli"]), json.dumps(_notice(place, notices[place])).encode()


def _notice(place: int, row: dict[str, str]) -> dict[str, object]:
    return {
        "notice": place,
        "revision": 1,
        "scope": "line",
        "status": "planned",
        "migration_kind": row["migration_kind"],
        "target_service": row["target_service"],
        "planned_on": row["planned_migration_date"],
        "issued_at": row["issued_at"],
    }


def make_topics(broker: str) -> None:
    # Faust would make the changelogs itself. But an agent crashes if it writes before its client knows them.
    changelogs = [f"{FAUST}-{name.replace('.', '-')}-changelog" for name in (NOTICES, ENTRIES)]
    topics = [NewTopic(name, PARTITIONS, 1) for name in (NOTICES, ENTRIES, MATCHES)]
    topics += [NewTopic(name, PARTITIONS, 1, config={"cleanup.policy": "compact"}) for name in changelogs]
    admin = AdminClient({"bootstrap.servers": broker, "log_level": 4})
    for made in admin.create_topics(topics).values():
        made.result()


def main() -> None:
    job = Job.from_command_line()
    make_topics(job.broker)
    # The producer's queue must hold all lines, because it is filled faster than the broker accepts them.
    queue = {"queue.buffering.max.messages": job.lines + 2 * PARTITIONS}
    producer = Producer({"bootstrap.servers": job.broker, "compression.type": "lz4", "linger.ms": 50, **queue})
    made_before = list(messages(County(job.lines // 3, job.lines - job.lines // 3)))
    for topic, name in ((ENTRIES, "entry"), (NOTICES, "notice")):
        # One line for each partition. A worker that has handled its share of these lines is warm.
        for partition in range(PARTITIONS):
            producer.produce(topic, json.dumps({name: -1 - partition}).encode(), f"{name}{partition}", partition)
    producer.flush()
    print("ready", flush=True)
    sys.stdin.readline()
    for topic, key, value in made_before:
        producer.produce(topic, value, key)
        producer.poll(0)
    producer.flush()


if __name__ == "__main__":
    main()
