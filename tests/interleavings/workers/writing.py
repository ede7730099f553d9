from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from threading import Event, Lock

from sqlalchemy import func, select

from services.core.errors import NotFoundError
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.recording.withdrawals import withdraw_one
from services.storage.store import Store
from services.storage.tables import outbox
from tests.interleavings.submissions.histories import Act, Submission
from tests.interleavings.workers.trouble import A_MOMENT, until_it_is_done

WRITERS = 4


@dataclass
class Writers:
    store: Store
    submissions: Iterator[Submission]
    # If more events than this wait for a matcher, the writers wait too.
    backlog: int
    # Called while the writers wait. It raises an error if waiting is useless.
    check: Callable[[], None]
    counts: Counter[str] = field(default_factory=Counter)
    _stopped: Event = field(default_factory=Event)
    _turn: Lock = field(default_factory=Lock)
    _room: Lock = field(default_factory=Lock)

    def to_the_end(self) -> None:
        """Run all threads until every submission is written. Raises the error of a failed thread."""
        with ThreadPoolExecutor(WRITERS) as threads:
            try:
                for writer in as_completed([threads.submit(self._write) for _ in range(WRITERS)]):
                    writer.result()
            finally:
                self._stopped.set()

    def _write(self) -> None:
        conflicts = Counter[str]()
        while (submission := self._next()) is not None:
            self._wait_for_room()
            until_it_is_done(partial(submit, self.store, submission), "writing", conflicts)
        with self._turn:
            self.counts += conflicts

    def _next(self) -> Submission | None:
        with self._turn:
            submission = None if self._stopped.is_set() else next(self.submissions, None)
            if submission is not None:
                self.counts[submission.act] += len(submission.rows)
                self.counts["submissions"] += 1
        return submission

    def _wait_for_room(self) -> None:
        with self._room:
            while self._waiting() > self.backlog:
                self.check()
                Event().wait(5 * A_MOMENT)

    def _waiting(self) -> int:
        with self.store.reading() as connection:
            return connection.scalar(select(func.count()).where(outbox.c.published_at.is_(None))) or 0


def submit(store: Store, submission: Submission) -> None:
    # The withdrawal of an entry that is not stored yet is ignored.
    if submission.act is Act.WITHDRAW:
        for row in submission.rows:
            with suppress(NotFoundError):
                withdraw_one(store, submission.feed, row["entry_id"])
        return
    kind = RecordKind.NOTICE if submission.act is Act.POST else RecordKind.ENTRY
    rows = [RawRow(number, row) for number, row in enumerate(submission.rows, start=1)]
    accept(store, Origin(submission.feed, kind, "test", sha256(repr(rows).encode()).digest()), rows)
