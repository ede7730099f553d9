"""Applies `supersession_rule` to stored notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from schemas.events import NoticesReconsidered
from services.core.audit import AuditAction
from services.ingest.reading.stamps import SLACK
from services.ingest.recording.rules.supersession_rule import IssuedNotice, replaces
from services.ingest.recording.store.supersessions import (
    find_by_key,
    find_superseding,
    hand_on_announced,
    set_live,
)
from services.ingest.recording.submission import ChangedRecord, SubmissionContext


def settle_supersessions(context: SubmissionContext, keys: Collection[bytes]) -> list[int]:
    fallen, risen = _apply_rule(context.connection, keys, context.now + SLACK)
    changed = fallen + risen + hand_on_announced(context.connection, keys)
    context.announce_changed(NoticesReconsidered, changed)
    context.record_outcome(AuditAction.NOTICES_SUPERSEDED, [(record.pk, record.revision) for record in fallen])
    return [record.pk for record in changed]


def _apply_rule(
    connection: Connection, keys: Collection[bytes], believed: datetime
) -> tuple[list[ChangedRecord], list[ChangedRecord]]:
    # A stamp after `believed` comes from a wrong clock and decides nothing.
    replacing: dict[bytes | None, list[IssuedNotice]] = defaultdict(list)
    for later in find_superseding(connection, keys):
        replacing[later.supersedes_key].append(later.issued)
    fallen, risen = list[ChangedRecord](), list[ChangedRecord]()
    for earlier in find_by_key(connection, keys):
        live = not any(replaces(later, earlier.issued, believed) for later in replacing[earlier.issued.key])
        if live is not earlier.live:
            (risen if live else fallen).append(earlier.changed)
    set_live(connection, fallen, live=False)
    set_live(connection, risen, live=True)
    return fallen, risen
