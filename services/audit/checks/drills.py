from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from services.audit.checks.store import stored_drills
from services.audit.store import recorded_actions
from services.core.audit import AuditAction
from services.core.differences import NOT_THERE, Difference

# The state of a drill after each action.
_STATES: Final = {
    AuditAction.DRILL_STARTED: "waiting",
    AuditAction.DRILL_ANSWERED: "answered",
    AuditAction.DRILL_FAILED: "failed",
    AuditAction.DRILL_ENDED: "ended",
}


def drill_differences(connection: Connection) -> Iterator[Difference]:
    told: dict[str, tuple[str, str]] = {}
    for row in recorded_actions(connection, _STATES):
        told[row.fields["drill"]] = row.feed_id or "", _STATES[row.action]
    on_record = stored_drills(connection)
    for reference in sorted(on_record.keys() | told.keys()):
        right, by_the_audit = (" ".join(one.get(reference, (NOT_THERE,))) for one in (on_record, told))
        if right != by_the_audit:
            yield Difference(f"drill {reference}", right, by_the_audit)
