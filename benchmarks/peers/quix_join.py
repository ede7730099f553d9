# The state store is RocksDB with a changelog topic (Quix's default).

from __future__ import annotations

from typing import Any

from quixstreams import Application, State  # type: ignore[import-not-found]  # it is in the peers' environment only

from benchmarks.peers.job import ENTRIES, MATCHES, NOTICES, Job, Progress

COMMIT_MESSAGES, COMMIT_SECONDS = 10_000, 5.0


def main() -> None:
    job, progress = Job.from_command_line(), Progress()
    app = Application(
        broker_address=job.broker,
        consumer_group="quix",
        auto_offset_reset="earliest",
        state_dir=job.folder,
        commit_every=COMMIT_MESSAGES,
        commit_interval=COMMIT_SECONDS,
        producer_extra_config={"compression.type": "lz4", "linger.ms": 50},
        loglevel="ERROR",
    )
    notices, entries = app.dataframe(app.topic(NOTICES)), app.dataframe(app.topic(ENTRIES))

    def join(line: dict[str, Any], state: State) -> list[dict[str, Any]]:
        mine, theirs = ("notice", "entry") if "notice" in line else ("entry", "notice")
        known = state.get(mine, default=[])
        state.set(mine, [*known, line[mine]])
        found = [{mine: line[mine], theirs: other} for other in state.get(theirs, default=[])]
        progress.count(matches=len(found))
        return found

    notices.concat(entries).apply(join, stateful=True, expand=True).to_topic(app.topic(MATCHES))
    app.run()


if __name__ == "__main__":
    main()
