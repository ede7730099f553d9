"""Serves health and metrics on a separate port, which must not be reachable from outside the deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from services.runtime.bootstrap import Parts
from services.runtime.gauges.gauges import SendPool
from services.runtime.health import BackgroundTask, add_health
from services.runtime.server import listen, served


@contextmanager
def metrics_served(
    parts: Parts,
    tasks: Iterable[BackgroundTask] = (),
    sends: SendPool | None = None,
    others: Callable[[], str] | None = None,
    faults: Callable[[], Iterable[str]] = tuple,
) -> Iterator[None]:
    """Serve health and metrics until the block ends. Serve nothing if the settings name no metrics port."""
    settings = parts.settings
    if not settings.metrics_port:
        yield
        return
    app = FastAPI(openapi_url=None)
    add_health(app, parts.store, tasks, sends or parts.pool, others=others, faults=faults)
    with listen(settings.host, settings.metrics_port) as listening, served(app, listening):
        yield
