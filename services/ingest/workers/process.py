"""Starts worker processes and exchanges messages with them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from services.ingest.workers.frames import read_frame, write_frame


class WorkerProcess:
    """A process that runs a module of ours. It ends when this process ends, because its input ends."""

    def __init__(self, module: str, *arguments: str) -> None:
        # Without the environment: it may hold keys.
        places = os.pathsep.join(str(Path(place).absolute()) for place in sys.path)
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A library's warning may quote a cell.
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": places, "PYTHONUTF8": "1"},
        )

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def write(self, data: bytes) -> None:
        """Raises OSError if the process has ended."""
        write_frame(_there(self._process.stdin), data)

    def read(self, most: int) -> bytes:
        """Raises FrameError if the process has ended, or if its message exceeds `most` bytes."""
        return read_frame(_there(self._process.stdout), most)

    def kill(self) -> None:
        self._process.kill()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                _there(stream).close()


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - both are pipes
    return stream
