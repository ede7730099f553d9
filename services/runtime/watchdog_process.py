"""Runs the watchdog as a separate process."""
# This process needs no vault key, no broker and no code of `services.alerts`.

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic

import structlog
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from sqlalchemy import Engine, make_url

from services.core.clock import SystemClock
from services.core.errors import PullcordError, RefusedError
from services.runtime.logs import say_failed
from services.runtime.server import listen, served
from services.runtime.settings import Settings
from services.storage.database.deployment import identity_of
from services.storage.database.engine import make_engine, reading
from services.storage.migrate import schema_of
from services.watchdog.channels.http import ExternalHeartbeat, WatchdogWebhook, checked_url
from services.watchdog.channels.mail import WatchdogMail, mail_server
from services.watchdog.findings import Findings
from services.watchdog.watch import OwnChannel, RecordWatch

log = structlog.get_logger()

# Seconds between two tries while there is no database yet.
AGAIN_SECONDS = 5.0
# Looks that may be missed before the process counts as stuck, and is started again.
LOOKS_MISSED = 3
# A look may always take so many seconds, however short the pause is.
LONGEST_LOOK_SECONDS = 1200.0


class RecordNotReadyError(PullcordError):
    """The database is missing, is empty or of an older version, or belongs to another deployment."""


def make_watch(settings: Settings, engine: Engine) -> RecordWatch:
    """Raises RefusedError if a setting for a channel or for the heartbeat is invalid."""
    url = settings.watchdog_heartbeat
    heartbeat = checked_url("PULLCORD_WATCHDOG_HEARTBEAT", url.get_secret_value()) if url else None
    return RecordWatch(
        engine=engine,
        clock=SystemClock(),
        deployment=settings.deployment,
        channels=tuple(_channels(settings)),
        heartbeat=ExternalHeartbeat(heartbeat) if heartbeat else None,
        repeat=timedelta(hours=settings.watchdog_repeat_hours),
    )


def _channels(settings: Settings) -> Iterator[OwnChannel]:
    server, webhook = settings.watchdog_mail_server, settings.watchdog_webhook
    if (server is None) is not (not settings.watchdog_mail_to):
        raise RefusedError("PULLCORD_WATCHDOG_MAIL_SERVER and PULLCORD_WATCHDOG_MAIL_TO need each other: set both")
    if server is not None:
        made = mail_server(server.get_secret_value(), plain=settings.mail_without_tls)
        yield WatchdogMail(made, settings.watchdog_mail_from, settings.watchdog_mail_to)
    if webhook is not None:
        yield WatchdogWebhook(checked_url("PULLCORD_WATCHDOG_WEBHOOK", webhook.get_secret_value()))


@contextmanager
def opened_record(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


def check_record(engine: Engine, deployment: str) -> None:
    """Raises RecordNotReadyError if the database cannot be used yet."""
    url = make_url(engine.url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        # SQLite would make an empty file, in which nothing is missing.
        raise RecordNotReadyError("there is no Pullcord database here: name its data with PULLCORD_DATA_DIR")
    with reading(engine).begin() as connection:
        if not schema_of(connection).fits:
            raise RecordNotReadyError("the database is empty or of an older version: run `pullcord init`")
        owner = identity_of(connection)
    if owner is not None and owner.name != deployment:
        raise RecordNotReadyError(f"this database belongs to `{owner.name}`: see PULLCORD_DEPLOYMENT")


@dataclass
class WatchdogLoop:
    watch: RecordWatch
    seconds: float
    stop: Event = field(default_factory=Event)
    _began: float = field(default_factory=monotonic)
    _fault: str | None = "the record has not been read yet"

    @property
    def stuck(self) -> bool:
        return monotonic() - self._began > max(self.seconds * (LOOKS_MISSED + 1), self.seconds + LONGEST_LOOK_SECONDS)

    @property
    def fault(self) -> str | None:
        """Return the reason why the last look at the database failed. Return None if the last look succeeded."""
        return self._fault

    def run(self) -> None:
        while not self.stop.is_set():
            self._began = monotonic()
            wait = self.seconds if self._looked() else min(self.seconds, AGAIN_SECONDS)
            self.stop.wait(wait)

    def _found(self) -> Findings:
        try:
            check_record(self.watch.engine, self.watch.deployment)
        except RecordNotReadyError:
            # It is tried again every few seconds, also while a new deployment starts.
            raise
        except Exception:
            # Otherwise nobody would be told of a database that cannot be reached.
            self.watch.note_failed(self.watch.clock.now())
            raise
        return self.watch.run_once()

    def _looked(self) -> bool:
        """Look at the database once. Return False if the database is not ready."""
        try:
            found = self._found()
        except RecordNotReadyError as error:
            self._fault = str(error)
            log.warning("record_not_ready", reason=str(error))
            # The next look then comes sooner.
            return False
        except Exception as error:  # noqa: BLE001 - the next look may succeed
            self._fault = "the newest look failed"
            say_failed("watchdog", error)
        else:
            self._fault = None
            log.info("looked", counts=dict(found.by_kind()))
        return True


def run_watchdog(settings: Settings, engine: Engine) -> None:
    """Raises RefusedError if the settings name neither a channel nor a heartbeat."""
    watch = make_watch(settings, engine)
    if not watch.channels and watch.heartbeat is None:
        raise RefusedError(
            "the watchdog has no way to tell anybody: set PULLCORD_WATCHDOG_MAIL_SERVER and PULLCORD_WATCHDOG_MAIL_TO, "
            "PULLCORD_WATCHDOG_WEBHOOK or PULLCORD_WATCHDOG_HEARTBEAT"
        )
    loop = WatchdogLoop(watch, settings.watchdog_minutes * 60)
    for sign in (signal.SIGTERM, signal.SIGINT):
        # A look that is under way is finished first.
        signal.signal(sign, lambda *_: loop.stop.set())
    with _answering(loop, settings):
        loop.run()


@contextmanager
def _answering(loop: WatchdogLoop, settings: Settings) -> Iterator[None]:
    if not settings.metrics_port:
        yield
        return
    with listen(settings.host, settings.metrics_port) as listening, served(health_of(loop), listening):
        yield


def health_of(loop: WatchdogLoop) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/livez", include_in_schema=False)
    async def livez() -> JSONResponse:
        return _health(["the watchdog has not looked for some time"] if loop.stuck else [])

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        return _health([loop.fault] if loop.fault else [])

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return app


def _health(faults: list[str]) -> JSONResponse:
    return JSONResponse({"status": "failing" if faults else "ok", "faults": faults}, 503 if faults else 200)
