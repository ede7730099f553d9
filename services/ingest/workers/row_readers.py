"""Shares the reading of a large submission's rows among processes."""

from __future__ import annotations

import atexit
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from itertools import chain, islice
from queue import Empty, LifoQueue
from typing import Final

from services.ingest.reading.drafts import RawRow
from services.ingest.reading.row_reader import ReadRow, RowReader, in_this_process
from services.ingest.workers.frames import ROWS_A_FRAME, FrameError, closed, opened_frame
from services.ingest.workers.process import WorkerProcess

# A submission with fewer rows is read before a process would have started [P].
MANY_ROWS: Final = 1_000
# Messages for each process that are on the way at once: one is read while the next one is written.
_AHEAD: Final = 2
_MOST_BYTES: Final = 1 << 30


class RowReaders:
    def __init__(self, readers: int) -> None:
        self._readers = readers
        self._threads = ThreadPoolExecutor(readers, "row-reader")
        self._idle: LifoQueue[WorkerProcess] = LifoQueue()

    def read(self, reader: RowReader, rows: Iterable[RawRow]) -> Iterator[ReadRow]:
        """Yield the reading of each row, in the order of the rows."""
        rows = iter(rows)
        first = list(islice(rows, MANY_ROWS))
        rows = chain(first, rows)
        if len(first) < MANY_ROWS or self._readers < 2:  # noqa: PLR2004 - one reader is this process
            return in_this_process(reader, rows)
        return self._shared(reader, rows)

    def close(self) -> None:
        self._threads.shutdown()
        with suppress(Empty):
            while True:
                self._idle.get_nowait().stop()

    def _shared(self, reader: RowReader, rows: Iterator[RawRow]) -> Iterator[ReadRow]:
        # Bounded, so that a long file is not held in memory as messages too.
        waiting: deque[Future[list[ReadRow]]] = deque()
        for part in iter(lambda: list(islice(rows, ROWS_A_FRAME)), []):
            waiting.append(self._threads.submit(self._read, reader, part))
            if len(waiting) > _AHEAD * self._readers:
                yield from waiting.popleft().result()
        for one in waiting:
            yield from one.result()

    def _read(self, reader: RowReader, rows: list[RawRow]) -> list[ReadRow]:
        process = self._idle_process() or WorkerProcess("services.ingest.workers.row_worker")
        try:
            process.write(closed((reader, rows)))
            read: list[ReadRow] = opened_frame(process.read(_MOST_BYTES))
        except (FrameError, OSError):
            # The process was ended from outside, for example because the machine had no memory left.
            process.stop()
            return [*in_this_process(reader, rows)]
        self._idle.put(process)
        return read

    def _idle_process(self) -> WorkerProcess | None:
        with suppress(Empty):
            while True:
                process = self._idle.get_nowait()
                if process.runs:
                    return process
                process.stop()
        return None


@cache
def row_readers(readers: int) -> RowReaders:
    # The processes end with this one.
    made = RowReaders(readers)
    atexit.register(made.close)
    return made
