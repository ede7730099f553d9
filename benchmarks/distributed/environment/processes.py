from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Self

READY_SECONDS = 120.0
STOPPING_SECONDS = 40.0
A_MOMENT = 0.05
WORDS_SHOWN = 2_000
# A benchmark measures how much Pullcord can handle, and not when it begins to refuse requests.
NO_RATE = {"PULLCORD_KEY_RATE": "1000000"}


def until(condition: Callable[[], bool], seconds: float, what: str, every: float = A_MOMENT) -> None:
    """Wait until the condition is true. Raises TimeoutError after `seconds`."""
    tick, end = Event(), monotonic() + seconds
    while not condition():
        if monotonic() > end:
            raise TimeoutError(f"{what} did not come about within {seconds:.0f} s")
        tick.wait(every)


def free_port() -> int:
    with closing(create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Role:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def says(self, words: str) -> bool:
        """Return True if the log contains `words`. Raises RuntimeError if the process has ended."""
        written = self.log.read_text()
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: {written[-WORDS_SHOWN:]}")
        return words in written

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Processes:
    folder: Path
    environment: Mapping[str, str]
    running: list[Role] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for role in reversed(self.running):
            role.stop()
        for role in self.running:
            if error is not None:
                # The error keeps the end of each log, because the folder is deleted after the run.
                error.add_note(f"{role.name} said last: {role.log.read_text()[-WORDS_SHOWN:]}")

    def start(self, name: str, arguments: Sequence[str]) -> Role:
        command = [str(Path(sys.executable).with_name("pullcord")), *arguments]
        log = self.folder / f"{name}-{len(self.running)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, env={**os.environ, **NO_RATE, **self.environment}, stdout=file, stderr=file
            )
        self.running.append(Role(name, process, log))
        return self.running[-1]

    def ready(self) -> None:
        for role in self.running:
            until(lambda said=role.says: said('"serving"'), READY_SECONDS, f"{role.name} serving")  # type: ignore[misc]
