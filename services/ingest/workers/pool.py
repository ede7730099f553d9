"""Reads files in worker processes."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from queue import Empty, LifoQueue
from threading import BoundedSemaphore, Timer
from typing import Final

from services.core.errors import PullcordError, RefusedError
from services.ingest.files.problems import FileCode, FileRefused
from services.ingest.reading.drafts import RawRow
from services.ingest.reading.sheets import Sheet
from services.ingest.workers.frames import FrameError, FrameKind, closed, opened_frame
from services.ingest.workers.job import FileJob, WorkerLimits
from services.ingest.workers.process import WorkerProcess

# Seconds to wait for a free worker. A sender would not wait much longer.
_PATIENCE: Final = 10.0
# The whole time of a job, as a multiple of its processor time: others may use the machine as well.
_WHOLE_TIME: Final = 3
_LONGEST_KIND: Final = 100  # bytes
_MOST_BYTES: Final = 1 << 30
# Bytes of files after which a worker is replaced: Python seldom gives memory back.
_WORN_AT: Final = 5_000_000


class NoWorkerFreeError(PullcordError):
    """No worker became free in time."""


class WorkerFailedError(PullcordError):
    """A worker failed because of an error in Pullcord."""


class _GoneError(PullcordError):
    """The worker ended before it began to read the file."""


class _Worker:
    def __init__(self, limits: WorkerLimits) -> None:
        module = "services.ingest.workers.worker"
        self._process = WorkerProcess(module, str(limits.seconds), str(limits.memory_bytes))
        self._bytes = 0

    @property
    def usable(self) -> bool:
        return self._bytes < _WORN_AT and self._process.runs

    def stop(self) -> None:
        self._process.stop()

    def read(self, job: FileJob, seconds: float) -> tuple[Sheet, list[bytes]]:
        self._bytes += len(job.data)
        deadline = Timer(seconds, self._process.kill)
        deadline.daemon = True
        deadline.start()
        try:
            return self._exchange(job)
        except (FrameError, OSError):
            # It was ended at a limit, or could not go on.
            raise FileRefused(FileCode.TOO_COSTLY) from None
        finally:
            deadline.cancel()

    def _exchange(self, job: FileJob) -> tuple[Sheet, list[bytes]]:
        try:
            self._process.write(closed(tuple(job)))
            self._next()
        except (FrameError, OSError):
            raise _GoneError("a worker has ended") from None
        sheet: Sheet | None = None
        rows: list[bytes] = []
        while True:
            kind, data = self._next()
            match kind:
                case FrameKind.ROWS:
                    # The messages are opened only when they are used: a pickled message takes a third of the memory.
                    rows.append(data)
                case FrameKind.SHEET:
                    sheet = opened_frame(data)
                case FrameKind.DONE if sheet is not None:
                    left_out, statuses = opened_frame(data)
                    return replace(sheet, left_out=left_out, statuses=statuses), rows
                case FrameKind.FILE_REFUSED:
                    raise FileRefused(FileCode(opened_frame(data)))
                case FrameKind.REFUSED:
                    raise RefusedError(opened_frame(data))
                case FrameKind.FAILED:
                    raise WorkerFailedError(f"a worker failed: {opened_frame(data)}")
                case _:
                    raise FrameError("out of memory")

    def _next(self) -> tuple[FrameKind, bytes]:
        return FrameKind(self._process.read(_LONGEST_KIND).decode()), self._process.read(_MOST_BYTES)


class FileReaders:
    def __init__(self, limits: WorkerLimits, patience: float = _PATIENCE) -> None:
        self._limits = limits
        self._patience = patience
        self._places = BoundedSemaphore(limits.workers)
        self._idle: LifoQueue[_Worker] = LifoQueue()

    def read(self, job: FileJob) -> Sheet:
        """Raises FileRefused, RefusedError, NoWorkerFreeError or WorkerFailedError."""
        try:
            sheet, frames = self._read(job)
        except _GoneError:
            # The worker was ended from outside while it was idle. So the file is not to blame, and is read again.
            sheet, frames = self._read_again(job)
        return replace(sheet, rows=_rows(frames))

    def _read_again(self, job: FileJob) -> tuple[Sheet, list[bytes]]:
        try:
            return self._read(job)
        except _GoneError:
            raise FileRefused(FileCode.TOO_COSTLY) from None

    def _read(self, job: FileJob) -> tuple[Sheet, list[bytes]]:
        with self._a_worker() as worker:
            return worker.read(job, _WHOLE_TIME * self._limits.seconds)

    def close(self) -> None:
        with suppress(Empty):
            while True:
                self._idle.get_nowait().stop()

    @contextmanager
    def _a_worker(self) -> Iterator[_Worker]:
        if not self._places.acquire(timeout=self._patience):
            raise NoWorkerFreeError("every worker is reading another file")
        try:
            worker = self._idle_worker() or _Worker(self._limits)
            try:
                yield worker
            except FileRefused as refusal:
                self._give_back(worker, whole=refusal.code is not FileCode.TOO_COSTLY)
                raise
            except RefusedError:
                self._give_back(worker, whole=True)
                raise
            except BaseException:
                worker.stop()
                raise
            self._give_back(worker, whole=True)
        finally:
            self._places.release()

    def _idle_worker(self) -> _Worker | None:
        with suppress(Empty):
            while True:
                worker = self._idle.get_nowait()
                if worker.usable:
                    return worker
                worker.stop()
        return None

    def _give_back(self, worker: _Worker, *, whole: bool) -> None:
        if whole and worker.usable:
            self._idle.put(worker)
        else:
            worker.stop()


@cache
def file_readers(limits: WorkerLimits) -> FileReaders:
    # The workers end with the process.
    readers = FileReaders(limits)
    atexit.register(readers.close)
    return readers


def _rows(frames: list[bytes]) -> Iterator[RawRow]:
    frames.reverse()
    while frames:
        yield from opened_frame(frames.pop())
