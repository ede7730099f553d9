from __future__ import annotations

import orjson  # type: ignore[import-not-found]  # they are in the peers' environment only
from confluent_kafka import Consumer  # type: ignore[import-not-found]

from benchmarks.peers.job import Job, Progress

BATCH = 1_000


def lines_of(value: bytes) -> int:
    records = orjson.loads(value).get("data", {}).get("records")
    return 1 if records is None else len(records)


def main() -> None:
    job, progress = Job.from_command_line(), Progress()
    consumer = Consumer(
        {
            "bootstrap.servers": job.broker,
            "group.id": "-".join(("floor", *job.topics)),
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.auto.commit": True,
        }
    )
    # The client fetches messages ahead of time, in threads of its own. So the clock starts before the client can fetch
    # the first message.
    consumer.subscribe(list(job.topics), on_assign=lambda *_: progress.begin())
    while True:
        for message in consumer.consume(BATCH, timeout=0.1):
            if message.error() is None:
                progress.count(lines_of(message.value()))


if __name__ == "__main__":
    main()
