"""Measures the speed of several Pullcord processes, and the delay of a mail.

    python -m benchmarks.distributed [--lines 150000] [--only lines|peers|latency] [--profile]

A line is a notice or a register entry. Peers are other streaming libraries.

Profiling slows the processes down. Do not use the other figures of a profiled run.
"""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import dataclass, field

from rich.console import Console

from benchmarks.distributed.environment.ground import Ground, standing
from benchmarks.distributed.latency import Delays, delays, distributed, embedded
from benchmarks.distributed.lines import Crew, Run, from_http, ingest_alone, matching_alone
from benchmarks.distributed.peers import FAUST, QUIX, Peer, consume, join
from benchmarks.distributed.results.report import WIDTH, Row, print_costs, print_delays, print_profile, print_rates
from benchmarks.distributed.results.sampling import Profile
from benchmarks.peers.job import ENTRIES, NOTICES
from benchmarks.world import County
from services.matcher.consumer import Matcher

FROM_HTTP = (Crew(1, 1), Crew(1, 2), Crew(2, 1), Crew(2, 2), Crew(2, 2, 1))
# Phases, each with its posts a second and its length in seconds.
PHASES = ((10, 20.0), (50, 15.0))

INGEST = "HTTP, checks, sealing, audit, SQL"
WHOLE_WAY = "HTTP, checks, sealing, audit, Kafka, dedup, SQL"
STREAMED = "Kafka, dedup, audit, SQL"
JOINED = "Kafka, a table and its changelog"
DECODED = "Kafka, JSON"


@dataclass
class Measurements:
    county: County
    profile: Profile | None
    rows: list[Row] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    delays: list[Delays] = field(default_factory=list)
    # The rate of the Faust peer. Other rates are printed as multiples of this rate.
    faust: float | None = None

    def add(self, what: str, run: Run, includes: str) -> None:
        self.runs.append(run)
        self.rows.append(Row(what, str(run.crew), run.rate, includes))

    def show(self, console: Console) -> None:
        # A part that was skipped has no table. An interrupted run still shows its results so far.
        if self.rows:
            print_rates(console, f"{self.county.lines:,} lines", self.rows, self.faust)
        if self.runs:
            print_costs(console, self.runs)
        if self.profile and self.profile.samples:
            print_profile(console, self.profile)
        if self.delays:
            print_delays(console, self.delays)


def measure_lines(ground: Ground, made: Measurements) -> None:
    county = made.county
    for crew in FROM_HTTP:
        made.add("from HTTP to the match", from_http(ground, county, crew, made.profile), WHOLE_WAY)
    for crew in (Crew(1), Crew(2)):
        made.add("the API alone", ingest_alone(ground, county, crew, f"ingest_{crew.apis}"), INGEST)
    for crew in (Crew(matchers=1), Crew(matchers=2)):
        made.add("matching alone", matching_alone(ground, county, crew, "ingest_2"), STREAMED)
    floor = consume(ground, Matcher.topics, county.lines, "floor-ours")
    made.rows.append(Row("floor: our messages", "1 confluent-kafka", floor.rate, DECODED))


def measure_peers(ground: Ground, made: Measurements) -> None:
    for workers in (1, 2):
        _join(ground, made, QUIX, "Quix Streams", workers)
    # Only one worker: when a second worker joins, the first worker stops in about half of the runs.
    made.faust = _join(ground, made, FAUST, "Faust tables", 1)
    floor = consume(ground, (ENTRIES, NOTICES), made.county.lines, "floor-theirs")
    made.rows.append(Row("floor: their messages", "1 confluent-kafka", floor.rate, DECODED))


def _join(ground: Ground, made: Measurements, peer: Peer, name: str, workers: int) -> float:
    joined = join(ground, peer, made.county.lines, workers)
    made.rows.append(Row(f"join: {name}", f"workers: {workers}", joined.rate, JOINED))
    return joined.rate


def measure_latency(ground: Ground, made: Measurements) -> None:
    for runner in (embedded, distributed):
        with runner(ground) as served:
            made.delays += delays(ground, served, PHASES)


PARTS = {"lines": measure_lines, "peers": measure_peers, "latency": measure_latency}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=150_000, help="register entries and notices, one to two")
    parser.add_argument("--only", choices=PARTS, help="measure only this")
    parser.add_argument("--profile", action="store_true", help="say where the processor time of each role goes")
    options = parser.parse_args()
    # On SIGTERM the script exits normally, so that it stops its servers and processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    county = County(options.lines // 3, options.lines - options.lines // 3)
    made = Measurements(county, Profile() if options.profile else None)
    with standing() as ground:
        try:
            for part, measure in PARTS.items():
                if options.only in (None, part):
                    measure(ground, made)
        finally:
            made.show(Console(width=WIDTH))


if __name__ == "__main__":
    main()
