from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event

from services.matcher.consumer import Matcher
from tests.chaos.deployment.processes import Role, Worker
from tests.chaos.deployment.world import SERVES, World
from tests.chaos.faults.evidence import Bring, NotShownError, handled, lag, rebalances, shows, suppressed, unpublished
from tests.chaos.faults.mischief import tell_in_disorder, tell_old_records_again, tell_outbox_again
from tests.chaos.faults.schedule import Fault

# The outbox counts as full with this many events. Relays publish so many in a moment.
BACKLOG = 150
# A consumer counts as slow with this many published events that it has not handled.
LAG = 25
DUPLICATES = 100
MATCHERS = "pullcord-matcher"


def kill(role: Role) -> Bring:
    # The supervisor restarts the process.
    def bring(world: World, fault: Fault) -> str:
        processes = world.supervisor.of(role)
        worker = processes[fault.one % len(processes)]
        ends, accepted = len(worker.exits), len(world.history.accepted)
        shows(lambda: worker.send(signal.SIGKILL), f"{worker.name} was there to be killed")
        shows(lambda: len(worker.exits) > ends, f"{worker.name} ended")
        code = worker.exits[ends]
        if code != -signal.SIGKILL:
            raise NotShownError(f"{worker.name} ended by itself, with code {code}")
        shows(lambda: len(world.history.accepted) > accepted, "submissions came in meanwhile")
        return f"{worker.name} ended with {code}"

    return bring


def duplicates(world: World, _fault: Fault) -> str:
    before = suppressed(world)
    again = tell_outbox_again(world, DUPLICATES)
    records = tell_old_records_again(world, DUPLICATES)
    shows(lambda: suppressed(world) - before >= (again + records) // 2, "duplicates that were suppressed")
    return f"{again} events and {records} records told again, {suppressed(world) - before} suppressed so far"


def disorder(world: World, _fault: Fault) -> str:
    with _paused(world.supervisor.of(Role.RELAY)):
        shows(lambda: unpublished(world) >= BACKLOG // 2, "a backlog to be shuffled")
        told, overtaken = tell_in_disorder(world)
    if not overtaken:
        raise NotShownError("no event overtook another of its key")
    return f"{told} events told by chance, {overtaken} of them after a later one of the same key"


def rebalance(world: World, fault: Fault) -> str:
    # A third matcher joins the group, works, and leaves.
    before, done, served = len(rebalances(world, MATCHERS)), handled(world), world.spare.said(SERVES)
    world.spare.start()
    try:
        shows(lambda: world.spare.said(SERVES) > served, "the third matcher at work")
        shows(lambda: len(rebalances(world, MATCHERS)) > before, "a rebalance when it joined")
        Event().wait(fault.seconds)
    finally:
        joined = len(rebalances(world, MATCHERS))
        world.spare.stop()
    shows(lambda: len(rebalances(world, MATCHERS)) > joined, "a rebalance when it left")
    shows(lambda: handled(world) > done, "events handled meanwhile")
    told = (f"generation {number} of {members}" for number, members in rebalances(world, MATCHERS)[before:])
    return f"{', '.join(told)}; {handled(world) - done} events handled meanwhile"


def slow_consumer(world: World, fault: Fault) -> str:
    # A paused matcher lets events wait in its partitions.
    topics = Matcher().topics
    matchers = world.supervisor.of(Role.MATCHER)
    with _paused([matchers[fault.one % len(matchers)]]):
        shows(lambda: lag(world, "matcher", topics) >= LAG, "a lag")
        longest = lag(world, "matcher", topics)
        Event().wait(fault.seconds)
    return f"{longest} events told and not handled"


def full_outbox(world: World, fault: Fault) -> str:
    # Without relays, the outbox grows.
    with _paused(world.supervisor.of(Role.RELAY)):
        shows(lambda: unpublished(world) >= BACKLOG, "a backlog")
        Event().wait(fault.seconds)
        most = unpublished(world)
    return f"{most} events waited in it"


@contextmanager
def _paused(workers: Sequence[Worker]) -> Iterator[None]:
    # First wait until each process is running.
    try:
        for worker in workers:
            shows(partial(worker.send, signal.SIGSTOP), f"{worker.name} was there to be stopped")
        yield
    finally:
        for worker in workers:
            worker.send(signal.SIGCONT)
