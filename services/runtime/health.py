from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Protocol

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Response
from fastapi.params import Depends
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.registry import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError

from services.runtime.gauges.gauges import EndedLoops, SafetyGauges, SendGauges, SendPool
from services.runtime.gauges.merging import added_metrics
from services.storage.database.engine import has_full_disk
from services.storage.database.faults import DatabaseFault, last_refusal
from services.storage.dialect import is_read_only
from services.storage.migrate import schema_of
from services.storage.store import Store


class BackgroundTask(Protocol):
    # The number of times in a row that the task has failed.
    failing: int

    @property
    def name(self) -> str: ...

    @property
    def alive(self) -> bool:
        """Return False if the task has ended."""
        ...


def add_health(
    app: FastAPI,
    store: Store,
    tasks: Iterable[BackgroundTask] = (),
    sends: SendPool | None = None,
    metrics_for: Sequence[Depends] = (),
    others: Callable[[], str] | None = None,
    faults: Callable[[], Iterable[str]] = tuple,
) -> None:
    # Each application has its own registry: two applications in one process, as in tests, must not share gauges.
    registry = CollectorRegistry()
    registry.register(SafetyGauges(store))
    registry.register(EndedLoops(lambda: len(_ended(tasks))))

    if sends is not None:
        registry.register(SendGauges(sends))

    @cache
    def threads() -> CapacityLimiter:
        # Made in the event loop, at the first use.
        return CapacityLimiter(2)

    @app.get("/livez", include_in_schema=False)
    async def livez() -> JSONResponse:
        # Without a thread, because requests that wait for the database may hold all of them.
        # A database that cannot be reached is no reason to restart the process.
        return _health(_ended(tasks))

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        # A process that cannot work gets no requests until it can.
        found = await to_thread.run_sync(lambda: list(_not_ready(store, tasks)), limiter=threads())
        return _health([*found, *_no_place(sends), *faults()], [*_stuck(sends), *_open(sends)])

    @app.get("/metrics", include_in_schema=False, dependencies=metrics_for)
    def metrics() -> Response:
        # Counters of the process, then what is read from the database.
        counted = generate_latest(REGISTRY)
        counted = added_metrics(counted, others()) if others else counted
        return Response(counted + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _ended(tasks: Iterable[BackgroundTask]) -> list[str]:
    return [f"the {task.name} loop has ended" for task in tasks if not task.alive]


def _not_ready(store: Store, tasks: Iterable[BackgroundTask]) -> Iterator[str]:
    try:
        with store.reading() as connection:
            if not schema_of(connection).fits:
                yield "the database has an older version's schema, or none: run `pullcord migrate`"
            # The server is a replica, or its operator has made it read-only.
            read_only = is_read_only(connection)
        # This may be true only of an old connection. One that is still in use would not be closed.
        if read_only:
            store.engine.dispose()
        yield from _takes_no_changes(store, read_only)
    except SQLAlchemyError as error:
        # Only the type of the error: its text may hold personal data.
        yield f"the database cannot be read ({type(error).__name__})"
    yield from _ended(tasks)
    for task in tasks:
        if task.failing:
            yield f"the {task.name} loop fails, {task.failing} times in a row"


def _takes_no_changes(store: Store, read_only: bool | None) -> Iterator[str]:
    refusal = DatabaseFault.READ_ONLY if read_only else last_refusal(store.engine)
    # After a refusal all connections are new, so a server that says it takes changes now does.
    if refusal is DatabaseFault.READ_ONLY and read_only is False:
        refusal = None
    if refusal is None and has_full_disk(store.engine):
        refusal = DatabaseFault.FULL
    if refusal is not None:
        yield f"the database {refusal}"


def _no_place(sends: SendPool | None) -> list[str]:
    return ["no message can be sent: every send under way hangs"] if sends is not None and sends.full else []


def _stuck(sends: SendPool | None) -> list[str]:
    # The mail server is at fault, so this process stays in service.
    stuck = 0 if sends is None else sends.stuck
    return [f"{stuck} {'send has' if stuck == 1 else 'sends have'} passed the deadline and not ended"] if stuck else []


def _open(sends: SendPool | None) -> list[str]:
    count = 0 if sends is None else sends.open
    return [f"{count} {'destination keeps' if count == 1 else 'destinations keep'} failing"] if count else []


def _health(faults: list[str], warnings: Sequence[str] = ()) -> JSONResponse:
    found = {"status": "failing" if faults else "ok", "faults": faults}
    return JSONResponse(found | ({"warnings": list(warnings)} if warnings else {}), 503 if faults else 200)
