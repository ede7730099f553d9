from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import psutil
from prometheus_client.parser import text_string_to_metric_families

from services.runtime.demo.waiting import StuckError, until

PULLCORD = Path(sys.executable).with_name("pullcord")
STOPPING_SECONDS = 25
COMPUTING = "process_cpu_seconds_total"
SERVING = b'"event": "serving"'


@dataclass(frozen=True)
class Process:
    title: str
    # The metrics are served here.
    port: int
    log: Path
    started: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.started.pid

    @property
    def running(self) -> bool:
        return self.started.poll() is None

    def serving(self) -> bool:
        """Return True if the process is ready. Raises StuckError if the process has ended."""
        if not self.running:
            raise StuckError(f"{self.title} has ended by itself: see {self.log}")
        return SERVING in self.log.read_bytes()

    def count(self, metric: str, **labels: str) -> float:
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == metric and labels.items() <= sample.labels.items()
        )

    def kill(self) -> None:
        # Like a power cut, SIGKILL gives the process no chance to finish a batch.
        self.started.send_signal(signal.SIGKILL)
        self.started.wait()


@dataclass
class Crew:
    # The folder of the log files.
    logs: Path
    # The settings of the processes.
    environment: Mapping[str, str]
    processes: list[Process] = field(default_factory=list)
    _spent: dict[int, float] = field(default_factory=dict)

    def start(self, role: str, title: str, port: int, *options: str) -> None:
        log = self.logs / f"{title.replace(' ', '-')}.log"
        with log.open("wb") as output:
            # The process gets a session of its own, so that Ctrl-C reaches only this script, which then ends the
            # process.
            started = subprocess.Popen(
                [PULLCORD, "run", role, *options],
                cwd=self.logs,
                env={**self._environment(), "PULLCORD_METRICS_PORT": str(port)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes.append(Process(title, port, log, started))

    def until_serving(self) -> None:
        until(lambda: all(process.serving() for process in self.processes), "all processes serve")
        self._spent = {process.pid: process.count(COMPUTING) for process in self.processes}

    def computing(self, process: Process) -> float:
        return process.count(COMPUTING) - self._spent[process.pid]

    def command(self, *words: str) -> None:
        subprocess.run(
            [PULLCORD, *words], cwd=self.logs, env=self._environment(), check=True, capture_output=True, timeout=120
        )

    def stop(self) -> None:
        # All processes are asked to stop first, so that they stop at the same time and not one after another.
        running = [process for process in self.processes if process.running]
        for process in running:
            process.started.terminate()
        for process in running:
            try:
                process.started.wait(STOPPING_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def _environment(self) -> Mapping[str, str]:
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("PULLCORD_")}
        return {**foreign, **self.environment}


def free_ports(count: int) -> Sequence[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def end_what_is_left(folder: Path) -> None:
    # After an interrupted start, servers may run that no object of this script refers to.
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and any(str(folder) in word for word in process.cmdline()):
                process.kill()
