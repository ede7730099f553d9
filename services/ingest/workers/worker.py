# The process has no keys, no database and no environment variables of its parent.

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Final

from services.core.errors import RefusedError
from services.ingest.files.problems import FileRefused
from services.ingest.workers.frames import (
    ROWS_A_FRAME,
    FrameError,
    FrameKind,
    closed,
    opened_frame,
    read_frame,
    write_frame,
)
from services.ingest.workers.job import FileJob, read_job, without_rows

# Below everything else on the machine: alerts go first.
_NICENESS: Final = 5
_MOST_BYTES: Final = 1 << 40


def serve_jobs() -> None:
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    os.nice(_NICENESS)
    _limit_memory(memory)
    # Whatever a library prints must not get between the messages.
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    with suppress(FrameError):
        while True:
            _work(out, seconds)


def _work(out: IO[bytes], seconds: int) -> None:
    job = FileJob(*opened_frame(read_frame(sys.stdin.buffer, _MOST_BYTES)))
    _limit_time(seconds)
    _send(out, FrameKind.BEGUN)
    try:
        _read(out, job)
    except FileRefused as refusal:
        _send(out, FrameKind.FILE_REFUSED, refusal.code.value)
    except RefusedError as refusal:
        _send(out, FrameKind.REFUSED, str(refusal))
    except MemoryError:
        _send(out, FrameKind.OUT_OF_MEMORY)
        # What is left in memory is not known.
        sys.exit()
    except Exception as fault:  # noqa: BLE001 - a fault of ours, which the other process raises
        # Its text may quote a cell.
        _send(out, FrameKind.FAILED, type(fault).__name__)
        sys.exit()


def _read(out: IO[bytes], job: FileJob) -> None:
    sheet = read_job(job)
    rows = sheet.rows
    _send(out, FrameKind.SHEET, without_rows(sheet))
    while chunk := list(islice(rows, ROWS_A_FRAME)):
        _send(out, FrameKind.ROWS, chunk)
    # Both are complete only after the last row was read.
    _send(out, FrameKind.DONE, (sheet.left_out, sheet.statuses))


def _send(out: IO[bytes], message: FrameKind, value: object = None) -> None:
    write_frame(out, message.encode())
    write_frame(out, closed(value))


def _limit_memory(memory: int) -> None:
    with suppress(OSError, ValueError):
        # The size of the process when nothing is read yet, in pages.
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit_time(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The limit counts from the start of the process. The signal that follows ends it.
    until = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    serve_jobs()
