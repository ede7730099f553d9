from __future__ import annotations

from collections.abc import Sequence

from schemas.events import CHUNK, EntriesWithdrawn
from services.core.audit import AuditAction
from services.core.errors import NotFoundError
from services.ingest.reading.rows.references import clean_reference
from services.ingest.recording.store.entries import find_entry, mark_withdrawn
from services.ingest.recording.submission import SubmissionContext
from services.storage.feeds import lock_feed
from services.storage.store import Store

ONE_BY_ONE = "withdrawal"  # takes the place of a submission id if a single entry is withdrawn


def withdraw(context: SubmissionContext, pks: Sequence[int]) -> None:
    """The entries stay in the database, but their matches end."""
    # In chunks, because one SQL statement takes a limited number of parameters.
    for start in range(0, len(pks), CHUNK):
        changed = mark_withdrawn(context, pks[start : start + CHUNK])
        context.announce_changed(EntriesWithdrawn, changed)
        context.record_outcome(AuditAction.ENTRIES_WITHDRAWN, [(record.pk, record.revision) for record in changed])


def withdraw_one(store: Store, feed_id: str, entry_id: str) -> None:
    """Raises NotFoundError if the council has no such entry. A second withdrawal changes nothing."""
    now = store.now()
    # As references are kept, then as the caller wrote it, for an entry from before they were cleaned.
    keys = [store.tokeniser.record_key(feed_id, form) for form in (clean_reference(entry_id), entry_id)]
    with store.writing() as connection:
        lock_feed(connection, feed_id)
        pk = next((pk for key in keys if (pk := find_entry(connection, key)) is not None), None)
        if pk is None:
            raise NotFoundError("this register has no entry with that id")
        withdraw(SubmissionContext(connection, store, now, feed_id, ONE_BY_ONE), [pk])
