from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic, time

import psycopg
from kafka.errors import KafkaError

from services.alerts.case.consumer import CaseConsumer
from services.matcher.consumer import Matcher
from tests.chaos.deployment.world import World
from tests.chaos.faults.evidence import Evidence, NotShownError, lag, unpublished
from tests.chaos.faults.faults import BRINGERS
from tests.chaos.faults.schedule import Fault, Schedule
from tests.chaos.judging.history import History
from tests.chaos.judging.records import Records, read_records
from tests.support.servers.killing import until

# The most tries to bring a fault about. Another fault at the same time may prevent its effect.
TRIES = 4

# Seconds in which all due work must be done after the last fault has ended.
RECOVERED_WITHIN = 120.0

# Seconds after which an attempt to deliver can no longer get an answer.
LATE = 10

# A case that becomes due within this many seconds still counts as work to do.
SOON = 60

MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Story:
    seed: int
    evidence: Sequence[Evidence]
    history: History
    records: Records
    mails: Mapping[str, int]
    exits: Mapping[str, Sequence[int]]
    suppressed: int
    # None if some work was left when the time was over.
    recovered_seconds: float | None
    # What was left to do.
    left: str


def run(world: World, schedule: Schedule) -> Story:
    for client in world.clients:
        client.start()
    evidence = _bring_about(world, schedule)
    restore(world)
    for client in world.clients:
        client.stop()
    assert all(client.ended() for client in world.clients), "a client never got its answer"
    began = monotonic()
    recovered = until(lambda: not what_is_left(world), RECOVERED_WITHIN)
    seconds = monotonic() - began
    with psycopg.connect(world.database) as connection:
        records = read_records(connection, world.history, world.store.tokeniser.record_key)
    return Story(
        seed=schedule.seed,
        evidence=evidence,
        history=world.history,
        records=records,
        mails=dict(world.mailbox.taken),
        exits={worker.name: tuple(worker.exits) for worker in world.supervisor.workers},
        suppressed=world.one("SELECT count(*) FROM audit WHERE action = 'duplicate_suppressed'"),
        recovered_seconds=seconds if recovered else None,
        left=what_is_left(world),
    )


def restore(world: World) -> None:
    # Some of these faults should have ended earlier.
    for proxy in world.proxies.values():
        proxy.open()
    if not world.broker.running:
        world.broker.start()
    world.postgres.resume()
    for worker in world.supervisor.workers:
        worker.send(signal.SIGCONT)


def what_is_left(world: World) -> str:
    """Return the unfinished work as text, which is empty if no work is left."""
    let_time_pass(world)
    soon = _micros() + SOON * MICROSECONDS
    left = {
        "events to be told": unpublished(world),
        "events to be matched": lag(world, Matcher.name, Matcher.topics),
        "events to be made cases of": lag(world, CaseConsumer.name, CaseConsumer.topics),
        "cases to be told of": world.one("SELECT count(*) FROM cases WHERE due_at <= %(soon)s", soon=soon),
        "deliveries to be made": world.one("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL"),
    }
    return ", ".join(f"{count} {what}" for what, count in left.items() if count)


def let_time_pass(world: World) -> None:
    world.sql(
        """UPDATE deliveries d SET due_at = %(now)s FROM delivery_attempts a
            WHERE a.delivery_pk = d.pk AND a.number = d.attempts AND d.due_at > %(now)s
              AND (d.state = 'waiting' OR a.started_at < %(late)s) RETURNING d.pk""",
        now=_micros(),
        late=_micros() - LATE * MICROSECONDS,
    )


def _micros() -> int:
    return int(time() * MICROSECONDS)


def _bring_about(world: World, schedule: Schedule) -> list[Evidence]:
    began, found = monotonic(), list[Evidence]()
    clock = lambda: monotonic() - began  # noqa: E731 - a name for an expression
    trains = [
        Thread(target=_train, args=(world, faults, clock, found), daemon=True)
        for faults in (schedule.surroundings, schedule.processes)
    ]
    for train in trains:
        train.start()
    for train in trains:
        train.join()
    return sorted(found, key=lambda one: one.began)


def _train(world: World, faults: Sequence[Fault], clock: Callable[[], float], found: list[Evidence]) -> None:
    for fault in faults:
        Event().wait(fault.after)
        found.append(_brought(world, fault, clock))


def _brought(world: World, fault: Fault, clock: Callable[[], float]) -> Evidence:
    began, reasons = clock(), list[str]()
    for _ in range(TRIES):
        try:
            text = BRINGERS[fault.kind](world, fault)
        except (NotShownError, KafkaError, psycopg.Error, TimeoutError) as error:
            reasons.append(f"{type(error).__name__}: {error}")
            Event().wait(1.0)
        else:
            return Evidence(fault, began, clock(), shown=True, text=text)
    return Evidence(fault, began, clock(), shown=False, text="; ".join(reasons))
