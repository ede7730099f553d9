"""Runs the HTTP server in a second process, so that alerts go on if that process fails."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

import structlog
from prometheus_client import REGISTRY, generate_latest

from services.core.backoff import delay
from services.core.errors import PullcordError
from services.runtime.bootstrap import Parts
from services.runtime.embedded.link import ProcessLink, handle_messages
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.server import GRACE_SECONDS

log = structlog.get_logger()

# Seconds between two messages about the state of the loops.
STATE_SECONDS = 1.0
# An HTTP process that has lived this long had started well.
WELL_SECONDS = 60.0
# After this number of bad starts in a row both processes end, so that the operator notices.
BAD_STARTS = 5
# Seconds that the HTTP process has to finish its requests, and to end.
STOPPING_SECONDS = GRACE_SECONDS + 5.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0


class ServiceEndedError(PullcordError):
    """The HTTP process ended several times soon after its start, or a loop of this process ended."""


class Supervisor:
    def __init__(self, parts: Parts, runner: EmbeddedRunner, listening: socket.socket, *, pretty: bool) -> None:
        self._parts = parts
        self._runner = runner
        self._listening = listening
        self._pretty = pretty
        self._stop = Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._link: ProcessLink | None = None

    def run(self) -> None:
        """Raises ServiceEndedError if the service cannot go on."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: self._stop.set())
        self._runner.start()
        try:
            self._supervise()
        finally:
            self._end_child()
            self._runner.stop()

    def _supervise(self) -> None:
        bad = 0
        while not self._stop.is_set():
            began = monotonic()
            code = self._serve_once()
            if self._link is not None:
                self._link.close()
            if self._stop.is_set():
                return
            bad = 0 if monotonic() - began > WELL_SECONDS else bad + 1
            if bad >= BAD_STARTS:
                raise ServiceEndedError(
                    f"the HTTP process ended {bad} times soon after its start (last with {code}): see the log for why"
                )
            log.error("http_process_ended", status=code, attempt=bad)
            self._stop.wait(delay(max(1, bad), FIRST_WAIT, LONGEST_WAIT, 0.5))

    def _serve_once(self) -> int | None:
        child = self._start_child()
        while not self._stop.is_set():
            try:
                return child.wait(STATE_SECONDS)
            except subprocess.TimeoutExpired:
                self._send_state()
            ended = [loop.name for loop in self._runner.loops if not loop.alive]
            if ended:
                raise ServiceEndedError(f"the {ended[0]} loop has ended: start the service again")
        return None

    def _start_child(self) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair()
        settings = self._parts.settings
        with theirs:
            numbers = [self._listening.fileno(), theirs.fileno()]
            self._child = subprocess.Popen(  # noqa: S603 - our own module
                [
                    sys.executable,
                    "-m",
                    "services.runtime.serving.http_process",
                    *map(str, numbers),
                    settings.host,
                    str(settings.port),
                    "pretty" if self._pretty else "json",
                ],
                pass_fds=numbers,
            )
        self._link = ProcessLink(ours)
        self._send_state()
        Thread(target=handle_messages, args=(self._link, self._handlers(self._link)), name="link", daemon=True).start()
        return self._child

    def _handlers(self, link: ProcessLink) -> dict[str, Callable[[object], None]]:
        return {
            "wake": lambda _: self._runner.wake(),
            "metrics": lambda _: link.send({"metrics": generate_latest(REGISTRY).decode()}),
        }

    def _send_state(self) -> None:
        loops = [{"name": loop.name, "alive": loop.alive, "failing": loop.failing} for loop in self._runner.loops]
        pool = self._parts.pool
        if self._link is not None:
            self._link.send({"state": {"loops": loops, "full": pool.full, "stuck": pool.stuck, "open": pool.open}})

    def _end_child(self) -> None:
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
