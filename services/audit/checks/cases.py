from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.audit.checks.store import StoredCase, stored_cases
from services.audit.figures.counting import CASE_ACTIONS, RecordedAction, replay_cases
from services.audit.store import recorded_actions
from services.core.audit import AuditAction
from services.core.differences import NOT_THERE, Difference

# A field of the audit rows about events of cases and about pauses.
PAUSE: Final = "paused_until"


def case_differences(connection: Connection) -> Iterator[Difference]:
    # Replays every case from its first row, so it takes time in proportion to the whole audit.
    entries: dict[str, int] = {}
    # The end of the pause after the last event of a case, by the reference of the case.
    pauses: dict[str, datetime | None] = {}

    def noting() -> Iterator[RecordedAction]:
        for row in recorded_actions(connection, (*CASE_ACTIONS, AuditAction.CASE_PAUSE_SHORTENED)):
            if row.action is AuditAction.CASE_OPENED:
                entries[row.fields["case"]] = row.fields["entry"]
            if PAUSE in row.fields:
                until = row.fields[PAUSE]
                pauses[row.fields["case"]] = datetime.fromisoformat(until) if until else None
            yield row

    standings = replay_cases(noting())
    found = {case.reference: case for case in stored_cases(connection)}
    for reference in sorted(found.keys() | standings.keys()):
        case, standing = found.get(reference), standings.get(reference)
        is_now, told = case.state if case else NOT_THERE, standing.state if standing else NOT_THERE
        if is_now != told:
            yield Difference(f"case {reference}", is_now, told)
        if case is not None:
            yield from _silenced(case, pauses.get(reference))
        if case is not None and standing is not None:
            yield from _moved(case, f"council:{standing.council}", entries.get(reference, case.entry))


def _silenced(case: StoredCase, pause: datetime | None) -> Iterator[Difference]:
    what = f"case {case.reference}"
    if case.due_at is None and not case.ended:
        yield Difference(f"{what} next review", "never", "due")
    # A review may cancel a pause, so a case without one is as it should be.
    if case.paused_until not in {None, pause}:
        yield Difference(f"{what} paused until", str(case.paused_until), str(pause or "not paused"))
    if case.last_alert_at is not None and not case.alerted:
        yield Difference(f"{what} last alert", "yes", "none was accepted")


def _moved(case: StoredCase, council: str, entry: int) -> Iterator[Difference]:
    what = f"case {case.reference}"
    if case.feed_id != council:
        yield Difference(f"{what} council", case.feed_id, council)
    if case.entry != entry:
        yield Difference(f"{what} register entry", str(case.entry), str(entry))
