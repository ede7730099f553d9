from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event, Lock, Thread

from tests.support.servers.killing import until

PULLCORD = Path(sys.executable).with_name("pullcord")
LOOK_SECONDS = 0.1
# Seconds between the end of a process and its next start.
REST_SECONDS = 0.5
STOPPING_SECONDS = 30.0


class Role(StrEnum):
    INGEST = "ingest"
    RELAY = "relay"
    MATCHER = "matcher"
    ALERTS = "alerts"


@dataclass
class Worker:
    # A restarted process continues the same log file.
    name: str
    role: Role
    folder: Path
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()
    # The exit codes in order. If a signal killed the process, the code is the negative number of the signal.
    exits: list[int] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def said(self, word: str) -> int:
        return self.log.read_text(errors="replace").count(word) if self.log.exists() else 0

    def start(self) -> None:
        with self._lock:
            if self._process is None:
                own = {"PULLCORD_DATA_DIR": str(self.folder / self.name)}
                with self.log.open("ab") as log:
                    self._process = subprocess.Popen(
                        [PULLCORD, "run", self.role, *self.arguments],
                        env={**os.environ, **self.environment, **own},
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )

    def reaped(self) -> bool:
        """Return True if the process is not running."""
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self.exits.append(self._process.returncode)
                self._process = None
            return self._process is None

    def send(self, sign: signal.Signals) -> bool:
        """Return False if the process was not running."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                return False
            self._process.send_signal(sign)
            return True

    def stop(self) -> None:
        # If the process does not end in time, it is killed.
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if not until(self.reaped, STOPPING_SECONDS):
            self.send(signal.SIGKILL)
            until(self.reaped, STOPPING_SECONDS)


class Supervisor:
    def __init__(self, workers: Sequence[Worker]) -> None:
        self.workers = list(workers)
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        for worker in self.workers:
            worker.start()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(STOPPING_SECONDS)
        for worker in self.workers:
            worker.send(signal.SIGCONT)
            worker.send(signal.SIGTERM)
        for worker in self.workers:
            worker.stop()

    def of(self, role: Role) -> list[Worker]:
        return [worker for worker in self.workers if worker.role is role]

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            ended = [worker for worker in self.workers if worker.reaped()]
            if ended and not self._stopped.wait(REST_SECONDS):
                for worker in ended:
                    worker.start()
