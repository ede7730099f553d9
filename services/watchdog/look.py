from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from services.storage.database.engine import reading
from services.watchdog.bounds import MATCHED_WITHIN
from services.watchdog.calendar import CouncilCalendar
from services.watchdog.cutoffs import Cutoffs
from services.watchdog.findings import Findings, RecordFault
from services.watchdog.rules import faults_of
from services.watchdog.store import endings, records, work
from services.watchdog.store.cases import case_spans, doubtful_cases, silenced_without_record
from services.watchdog.store.councils import council_calendars

# For a case whose council is gone.
_USUAL: Final = CouncilCalendar()


def look(engine: Engine, now: datetime) -> Findings:
    """The use of memory does not grow with the number of cases."""
    found = Findings()
    with reading(engine).begin() as connection:
        calendars = council_calendars(connection)
    cutoffs = Cutoffs.of([_USUAL, *calendars.values()], now)
    for span in case_spans(engine):
        with reading(engine).begin() as connection:
            for page in doubtful_cases(connection, span, cutoffs):
                for case, accepted in page:
                    found.add(faults_of(case, accepted, calendars.get(case.feed_id, _USUAL), now))
            found.add(silenced_without_record(connection, span))
    for check in _checks(now):
        # A transaction for each: a long one would keep the database from cleaning up.
        with reading(engine).begin() as connection:
            found.add(check(connection))
    return found


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
