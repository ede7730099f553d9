from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.runtime.logs import say_failed

log = structlog.get_logger()

# The exit code of a process that makes no progress (EX_SOFTWARE of sysexits.h).
NO_PROGRESS = 70

# The number of checks within `patience` seconds.
LOOKS = 4


def end_process(code: int = NO_PROGRESS) -> None:
    # End at once: a graceful stop would wait for the part that hangs.
    os._exit(code)


class Watchdog:
    """Ends the process if there is work, but no progress for `patience` seconds."""

    # An error of `is_behind` does not end the process: a restart mends no database.

    def __init__(
        self,
        name: str,
        quiet_seconds: Callable[[], float],
        is_behind: Callable[[], bool],
        patience: float,
        end: Callable[[], None] = end_process,
        time: Callable[[], float] = monotonic,
    ) -> None:
        self._name, self._quiet_seconds, self._is_behind, self._patience = name, quiet_seconds, is_behind, patience
        self._end, self._time = end, time
        self._behind_since: float | None = None
        # `is_behind` runs in its own thread, because the database may never answer.
        self._asking = ThreadPoolExecutor(1, thread_name_prefix=f"{name} watch")
        self._asked: Future[bool] | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"{name} watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._asking.shutdown(wait=False, cancel_futures=True)

    def look(self) -> None:
        if not self._behind():
            self._behind_since = None
            return
        now = self._time()
        # The time at which this watchdog first saw the present work.
        self._behind_since = now if self._behind_since is None else self._behind_since
        # A worker that had nothing to do for an hour has not been stuck for an hour.
        quiet = min(self._quiet_seconds(), now - self._behind_since)
        if quiet >= self._patience:
            # The process must end even if the log cannot be written.
            with suppress(BaseException):
                log.error("no_progress", consumer=self._name, seconds=round(quiet))
            self._end()

    def _behind(self) -> bool:
        asked = self._asked = self._asked or self._asking.submit(self._is_behind)
        try:
            # One call at a time: the next check waits again for a call that hangs.
            error = asked.exception(self._patience / LOOKS)
        except TimeoutError:
            return True
        self._asked = None
        if error is not None and not isinstance(error, SQLAlchemyError):
            say_failed(f"{self._name} watch", error)
        return error is None and asked.result()

    def _run(self) -> None:
        while not self._stop.wait(self._patience / LOOKS):
            try:
                self.look()
            except BaseException as error:  # noqa: BLE001 - a watch that has ended ends no process that hangs
                say_failed(f"{self._name} watch", error)
