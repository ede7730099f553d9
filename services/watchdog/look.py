"""One look of the watchdog at the whole record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from services.storage.database.engine import reading
from services.watchdog import states
from services.watchdog.bounds import MATCHED_WITHIN
from services.watchdog.calendar import CouncilCalendar
from services.watchdog.findings import FaultKind, Findings, RecordFault
from services.watchdog.rules import CaseRecord, faults_of
from services.watchdog.store import endings, records, work
from services.watchdog.store.cases import case_pages, last_recorded_states
from services.watchdog.store.councils import council_calendars

# For a case whose council is gone.
_USUAL: Final = CouncilCalendar()


def look(engine: Engine, now: datetime) -> Findings:
    """Return every fault in the record. Memory is bounded, however many cases there are."""
    found = Findings()
    with reading(engine).begin() as connection:
        calendars = council_calendars(connection)
    for page in case_pages(engine, now):
        for case, accepted in page:
            found.add(faults_of(case, accepted, calendars.get(case.feed_id, _USUAL), now))
        found.add(_silenced(engine, [case for case, _ in page]))
    for check in _checks(now):
        # A transaction for each: a long one would keep the database from cleaning up.
        with reading(engine).begin() as connection:
            found.add(check(connection))
    return found


def _silenced(engine: Engine, page: Sequence[CaseRecord]) -> Iterator[RecordFault]:
    # A case that is over is judged by its lines, wherever a line is still at risk.
    silent = [case for case in page if case.state in states.SILENT - states.ENDED]
    told = last_recorded_states(engine, [case.reference for case in silent]) if silent else {}
    for case in silent:
        if told.get(case.reference) != case.state:
            yield RecordFault(FaultKind.SILENCED_WITHOUT_RECORD, case.feed_id, case.reference)


def _checks(now: datetime) -> Sequence[Callable[[Connection], Iterable[RecordFault]]]:
    before = now - MATCHED_WITHIN
    return (
        records.without_tokens,
        lambda connection: records.without_shared_token(connection, before),
        lambda connection: records.without_match(connection, before),
        lambda connection: records.without_case(connection, before),
        lambda connection: records.ended_at_risk(connection, before),
        records.notices_ended_alone,
        endings.matches_ended_alone,
        endings.entries_ended_alone,
        lambda connection: work.late_deliveries(connection, now),
        work.sent_without_attempt,
        lambda connection: work.waiting_events(connection, now),
    )
