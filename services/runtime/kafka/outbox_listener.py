"""Wakes a relay when something has been written into the outbox (PostgreSQL's LISTEN and NOTIFY).

A wake-up that is lost costs nothing: the relay also looks by itself, only later.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import psycopg
from sqlalchemy import Engine

from services.runtime.logs import say_failed
from services.storage.events.outbox import CHANNEL

# Seconds it waits for a notification before it looks for a request to stop.
PATIENCE_SECONDS = 5.0

RECONNECT_SECONDS = 2.0


class OutboxListener:
    """Listens on a connection of its own and calls `wake` whenever the outbox has grown."""

    def __init__(self, engine: Engine, wake: Callable[[], None]) -> None:
        # psycopg knows no dialect in a URL.
        self._url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._wake = wake
        self._stop = Event()
        self._thread = Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS + RECONNECT_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except BaseException as error:  # noqa: BLE001 - whatever it is: without it the relay only looks later
                say_failed("waker", error)
                # A database that is away must not be asked in a tight loop.
                self._stop.wait(RECONNECT_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            # NOTIFY reaches only those that listened when it was sent.
            connection.execute(f"LISTEN {CHANNEL}")
            self._wake()
            while not self._stop.is_set():
                # One is as good as many: the relay publishes all there is.
                for _ in connection.notifies(timeout=PATIENCE_SECONDS, stop_after=1):
                    self._wake()
