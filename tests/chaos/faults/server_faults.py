from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Event

import psycopg

from tests.chaos.deployment.proxy import Proxy
from tests.chaos.deployment.world import World
from tests.chaos.faults.evidence import Bring, NotShownError, shows
from tests.chaos.faults.schedule import Fault

TRIES = 5
STATUS = "SELECT pg_xact_status(%(xid)s::xid8)"


def restart_broker(world: World, fault: Fault) -> str:
    # Meanwhile the API must still accept submissions.
    outage = _without_broker(world, fault)
    world.broker.start()
    return outage


def wipe_broker(world: World, fault: Fault) -> str:
    # The broker comes back without topics, records or groups.
    outage = _without_broker(world, fault)
    had = sum(log.stat().st_size for log in world.broker.folder.glob("data/pullcord.*/*.log"))
    if not had:
        raise NotShownError("the broker had nothing to lose")
    world.broker.wipe()
    world.broker.start()
    return f"{outage}; {had:,} bytes of records wiped"


def _without_broker(world: World, fault: Fault) -> str:
    accepted, told = len(world.history.accepted), world.one("SELECT count(published_at) FROM outbox")
    world.broker.stop(signal.SIGKILL)
    Event().wait(fault.seconds)
    shows(lambda: len(world.history.accepted) > accepted, "submissions were accepted without a broker")
    return f"{len(world.history.accepted) - accepted} submissions accepted without it, {told} events told before"


def restart_postgres(world: World, fault: Fault) -> str:
    # The recovery must undo a transaction that has written something.
    for _ in range(TRIES):
        open_ones = _crash_in_a_transaction(world)
        Event().wait(fault.seconds / 2)
        world.postgres.resume()
        undone = [one for one in open_ones if _is_undone(world, one)]
        if undone:
            return f"{len(undone)} transactions that had written were open, and undone"
    raise NotShownError("no transaction was open when PostgreSQL was restarted")


def _crash_in_a_transaction(world: World) -> list[str]:
    query = """SELECT backend_xid::text FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND backend_xid IS NOT NULL"""
    with psycopg.connect(world.database, autocommit=True) as connection:
        found: list[str] = []

        def somebody_writes() -> bool:
            found[:] = [row[0] for row in connection.execute(query)]
            return bool(found)

        shows(somebody_writes, "an open transaction")
        world.postgres.crash()
    return found


def _is_undone(world: World, xid: str) -> bool:
    try:
        return world.sql(STATUS, xid=xid) == [("aborted",)]
    except psycopg.errors.InvalidParameterValue:
        # PostgreSQL does not know the transaction, because not even its beginning was written to the disk.
        return True


def through_proxy(treat: Callable[[Proxy], None], what: str) -> Bring:
    def bring(world: World, fault: Fault) -> str:
        assert fault.way is not None
        proxy = world.proxies[fault.way]
        treat(proxy)
        try:
            shows(lambda: proxy.toll.connections > 0, f"somebody on the way of {fault}")
            Event().wait(fault.seconds)
        finally:
            toll = proxy.open()
        pieces = f" with {toll.chunks} pieces of data" if toll.chunks else ""
        return f"{toll.connections} connections {what}{pieces}"

    return bring
