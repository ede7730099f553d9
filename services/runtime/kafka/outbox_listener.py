"""Wakes the relay when the database reports new events."""
# A lost notification does no harm, because the relay also reads the outbox at intervals.

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import psycopg
from sqlalchemy import Engine

from services.runtime.logs import say_failed
from services.storage.events.outbox import CHANNEL

# Seconds that the listener waits for a notification before it checks for a request to stop.
PATIENCE_SECONDS = 5.0

RECONNECT_SECONDS = 2.0


class OutboxListener:
    def __init__(self, engine: Engine, wake: Callable[[], None]) -> None:
        # psycopg does not understand SQLAlchemy's driver names in a URL.
        self._url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._wake = wake
        self._stop = Event()
        self._thread = Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        self.ask_to_stop()
        self._thread.join(PATIENCE_SECONDS + RECONNECT_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except BaseException as error:  # noqa: BLE001 - after any fault, the relay still checks at intervals
                say_failed("waker", error)
                # Do not reconnect in a tight loop while the database is down.
                self._stop.wait(RECONNECT_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            # A NOTIFY from before this LISTEN was missed, so the relay is woken once in any case.
            connection.execute(f"LISTEN {CHANNEL}")
            self._wake()
            while not self._stop.is_set():
                # One notification is enough: the relay publishes everything in the outbox.
                for _ in connection.notifies(timeout=PATIENCE_SECONDS, stop_after=1):
                    self._wake()
