# Nobody watches the residents in a refused file.

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.core.days.working_days import nation_of, one_working_day_after
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Outcome
from services.ingest.recording.store.refused_files import (
    RefusedFile,
    delete_refused_files,
    upsert_refused,
    waits_for_alert,
)
from services.ingest.recording.submission import Origin, SubmissionContext
from services.storage.store import Store

_FILE: Final = "file"
_BODY: Final = "body"
# The channel of JSON that is posted. All other channels take files.
_POSTED: Final = "api"


def note_refused_file(store: Store, feed_id: str, kind: RecordKind, channel: str, code: str) -> None:
    """Store the refusal of a file, so that an alert follows."""
    # The name and the content of the file are not stored.
    refused = RefusedFile(feed_id, kind, _BODY if channel == _POSTED else _FILE, code)
    # One refusal that waits for its alert is enough.
    # A read first: somebody who sends a thousand damaged files causes one write.
    with store.reading() as connection:
        if waits_for_alert(connection, refused):
            return
    now = store.now()
    with store.writing() as connection:
        upsert_refused(connection, refused, now, one_working_day_after(now, nation_of(feed_id)))


def settle_refused_files(context: SubmissionContext, origin: Origin, counts: Mapping[str, int]) -> None:
    """Delete the feed's stored refusals, unless every row of this submission was rejected."""
    if sum(counts.values()) == counts[Outcome.REJECTED]:
        return
    # A small body that is posted says nothing of a file with hundreds of rows.
    # So a posted body deletes only refusals of posted bodies.
    sent_as = _BODY if origin.channel == _POSTED else None
    delete_refused_files(context.connection, context.feed_id, origin.kind, sent_as)
