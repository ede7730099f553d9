from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.refused.files import note_refused_file
from services.storage.store import Store
from services.web.bodies import read_body
from services.web.problems import ProblemError, ProblemType


@dataclass(frozen=True, slots=True)
class Sending:
    store: Store
    feed: str
    kind: RecordKind
    channel: str
    # Nothing would be taken in, so a refusal leaves nobody unwatched.
    dry: bool = False

    async def body(self, request: Request, limit: int) -> bytes:
        """Return the body of the request. Raises ProblemError if the body is refused."""
        try:
            return await read_body(request, limit)
        except ProblemError as error:
            # In a thread: the event loop must not wait for the database.
            await run_in_threadpool(self.note, error)
            raise

    @contextmanager
    def refusal_noted(self) -> Iterator[None]:
        try:
            yield
        except ProblemError as error:
            self.note(error)
            raise

    def note(self, error: ProblemError) -> None:
        # The rows of such a submission are on record one by one.
        if self.dry or error.type is ProblemType.NO_ROW_ACCEPTED:
            return
        code = str(error.extra.get("code", error.type.value))
        note_refused_file(self.store, self.feed, self.kind, self.channel, code)
