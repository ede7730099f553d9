"""Joins notices and register entries with Faust."""
# Each message of one topic is looked up in the other topic's table.
# The tables are in memory and have a changelog topic (Faust's default).

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any

import faust

from benchmarks.peers.job import ENTRIES, FAUST, MATCHES, NOTICES, PARTITIONS, Job, Progress


def make_app(job: Job, progress: Progress) -> faust.App:
    app = faust.App(
        FAUST,
        broker=f"kafka://{job.broker}",
        datadir=job.folder,
        store="memory://",
        key_serializer="raw",
        value_serializer="json",
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        producer_compression_type="lz4",
        producer_linger=0.05,
        broker_commit_every=10_000,
        stream_buffer_maxsize=16_384,
        stream_wait_empty=False,
        web_enabled=False,
    )
    topics = {name: app.topic(name, key_type=bytes, partitions=PARTITIONS) for name in (NOTICES, ENTRIES, MATCHES)}
    tables = {name: app.Table(name.replace(".", "-"), default=list, key_type=str) for name in (NOTICES, ENTRIES)}

    def join(mine: str, theirs: str, key: str) -> Any:
        other_key = "entry" if key == "notice" else "notice"

        async def agent(stream: Any) -> None:
            async for token, line in stream.items():
                number = token.decode()
                tables[mine][number] = [*tables[mine][number], line[key]]
                found = tables[theirs].get(number, ())
                for other in found:
                    await topics[MATCHES].send(key=token, value={key: line[key], other_key: other})
                progress.count(matches=len(found))

        return agent

    app.agent(topics[NOTICES], name="notices")(join(NOTICES, ENTRIES, "notice"))
    app.agent(topics[ENTRIES], name="entries")(join(ENTRIES, NOTICES, "entry"))
    return app


async def run() -> None:
    app, stop = make_app(Job.from_command_line(), Progress()), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await app.start()
    await stop.wait()
    await app.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run())
