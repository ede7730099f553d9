from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from importlib.metadata import version
from time import perf_counter
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi_offline import FastAPIOffline

from services.alerts.api import router as alerts_router
from services.alerts.case_lists import router as case_lists_router
from services.alerts.contacts_api import router as contacts_router
from services.alerts.drills_api import router as drills_router
from services.alerts.policies.policy_api import router as policy_router
from services.alerts.preview.preview_api import router as preview_router
from services.alerts.receipts_api import router as receipts_router
from services.audit.api import router as oversight_router
from services.console.acknowledgements import router as acknowledgements_router
from services.console.changes import router as changes_router
from services.console.drills import router as drill_links_router
from services.ingest.api import router as ingest_router
from services.ingest.mappings import router as mappings_router
from services.ingest.uploads import router as uploads_router
from services.matcher.api import router as matcher_router
from services.runtime.bootstrap import Parts
from services.runtime.description.openapi import describe
from services.runtime.embedded.background import Background
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.gauges.metrics import count_request, known_method
from services.runtime.health import add_health
from services.runtime.serving.work import LimitedWork, WorkLimits
from services.web import problems
from services.web.auth import operator
from services.web.rates import RateLimiter, Rates
from services.web.request_ids import RequestIds

log = structlog.get_logger()

DESCRIPTION = """
Providers post which lines they will migrate and when; councils share which lines carry a telecare alarm. Pullcord
matches the two and does not let go until a person has acted. Errors are RFC 9457 problem details with stable types.
"""


def make_app(parts: Parts, runner: EmbeddedRunner | Background | None = None) -> FastAPI:
    """The application starts and stops `runner`."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        if runner:
            runner.start()
        yield
        if runner:
            runner.stop()

    # FastAPIOffline serves the scripts of the API pages itself, so no browser loads them from elsewhere.
    app = FastAPIOffline(
        title="Pullcord",
        version=version("pullcord"),
        description=DESCRIPTION,
        lifespan=lifespan,
        # Generated clients name their functions by this id.
        generate_unique_id_function=lambda route: route.name,
        # Behind a proxy that ends TLS, a redirect would name http, and the client would send its key unencrypted.
        redirect_slashes=False,
    )
    app.state.store = parts.store
    app.state.ingest_limits = parts.limits
    app.state.engine = parts.engine
    app.state.presentation = parts.presentation
    asked = parts.settings
    app.state.notify_callback_token = asked.notify_callback_token
    app.state.rates = RateLimiter(Rates(asked.key_rate, asked.link_rate, asked.failure_rate))
    # Before the routes, so that their errors too become problem details.
    problems.install(app)
    for router in (
        ingest_router,
        uploads_router,
        mappings_router,
        alerts_router,
        case_lists_router,
        contacts_router,
        drills_router,
        preview_router,
        policy_router,
        receipts_router,
        matcher_router,
        oversight_router,
        acknowledgements_router,
        changes_router,
        drill_links_router,
    ):
        app.include_router(router)
    # The metrics need a key. Otherwise a sender could see a count of matches rise after a notice, and learn that a
    # number is on a register.
    guard = [Depends(operator)]
    if isinstance(runner, Background):
        add_health(app, parts.store, runner.tasks, runner.sends, guard, runner.metrics)
    else:
        add_health(app, parts.store, runner.loops if runner else (), parts.pool, guard)
    # Inside the log of requests, so that what is refused here is counted too.
    app.add_middleware(LimitedWork, limits=WorkLimits(parts.settings.max_requests, parts.settings.body_seconds))
    _watch_requests(app, runner)
    # Outside the log of requests, whose lines have the id.
    app.add_middleware(RequestIds)
    describe(app)
    return app


def _watch_requests(app: FastAPI, runner: EmbeddedRunner | Background | None) -> None:
    @app.middleware("http")
    async def watch(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        started = perf_counter()
        try:
            response = await call_next(request)
        except Exception:
            # The exception handler outside this middleware answers with status 500.
            _note(request, HTTPStatus.INTERNAL_SERVER_ERROR, perf_counter() - started)
            raise
        # A failure from here on must not change the answer.
        # Any request but a GET may have written events.
        if runner and request.method != "GET":
            with suppress(Exception):
                runner.wake()
        _note(request, response.status_code, perf_counter() - started)
        # Answers hold personal data, so no proxy or browser may store them.
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response


def _note(request: Request, status: int, seconds: float) -> None:
    # A fault here must not change the answer.
    # Log the template of the route, never the path: a path may hold somebody's reference.
    route = getattr(request.scope.get("route"), "path", "unknown")
    with suppress(Exception):
        count_request(route, request.method, status, seconds)
    with suppress(Exception):
        log.info(
            "request",
            method=known_method(request.method),
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
        )
