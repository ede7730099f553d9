from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    # Each class of fault happens in every run.
    KILL_INGEST = "kill -9 of ingest"
    KILL_RELAY = "kill -9 of a relay"
    KILL_MATCHER = "kill -9 of a matcher"
    KILL_ALERTS = "kill -9 of an alerts worker"
    BROKER_RESTARTED = "broker stopped and restarted"
    BROKER_WIPED = "broker stopped, wiped and restarted"
    POSTGRES_RESTARTED = "PostgreSQL restarted in the middle of a transaction"
    CUT = "connections cut"
    DELAYED = "connections delayed"
    HALF_OPEN = "connections half open"
    DUPLICATES = "events told twice"
    REORDERING = "events told out of order"
    REBALANCE = "rebalance under load"
    SLOW_CONSUMER = "slow consumer"
    FULL_OUTBOX = "full outbox"


class Way(StrEnum):
    # Each kind of connection has its own proxy.
    INGEST = "clients to ingest"
    KAFKA = "workers to Kafka"
    POSTGRES = "all to PostgreSQL"
    MAIL = "alerts to the mail server"


# Each of these faults happens twice in a run.
KILLS = (Kind.KILL_INGEST, Kind.KILL_RELAY, Kind.KILL_MATCHER, Kind.KILL_ALERTS)
NETWORK = (Kind.CUT, Kind.DELAYED, Kind.HALF_OPEN)
# Faults of the servers. Faults of processes happen at the same time.
SURROUNDINGS = (Kind.BROKER_RESTARTED, Kind.BROKER_WIPED, Kind.POSTGRES_RESTARTED)

# The shortest and longest duration in seconds, where it is not the usual one. Some of these faults are so long that a
# worker counts as stalled.
LASTS = {Kind.HALF_OPEN: (2.0, 12.0)}


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    # The time since the previous fault of the same sequence, in seconds.
    after: float
    # The fault lasts at least this long.
    seconds: float
    # Decides which process of a role the fault hits.
    one: int = 1
    way: Way | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.way}" if self.way else str(self.kind)


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    surroundings: Sequence[Fault]
    processes: Sequence[Fault]


def draw(seed: int) -> Schedule:
    noise = random.Random(seed)
    surroundings = [_fault(noise, kind) for kind in SURROUNDINGS]
    surroundings += [_fault(noise, kind, way) for kind in NETWORK for way in Way]
    processes = [_fault(noise, kind) for kind in Kind if kind not in (*SURROUNDINGS, *NETWORK)]
    processes += [_fault(noise, kind) for kind in KILLS]
    noise.shuffle(surroundings)
    noise.shuffle(processes)
    return Schedule(seed, surroundings, processes)


def _fault(noise: random.Random, kind: Kind, way: Way | None = None) -> Fault:
    quiet, long = noise.uniform(0.5, 2.0), noise.uniform(*LASTS.get(kind, (1.5, 4.0)))
    return Fault(kind, round(quiet, 2), round(long, 2), noise.choice((1, 2)), way)
