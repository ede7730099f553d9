"""Makes a day pass without waiting: moves the times and dates in the database one day into the past.

Several processes share the machine's clock, so time cannot run faster. But the rules only compare stored times with the
clock. If every stored time is a day earlier, the rules decide as if a day had passed.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Connection, select, text, update

from services.storage.store import Store
from services.storage.tables import cases, notices

# A day in microseconds, because moments are stored in microseconds.
A_DAY = timedelta(days=1) // timedelta(microseconds=1)

NOTICES = f"""
UPDATE notices SET
    issued_at = issued_at - {A_DAY},
    stamp_from = stamp_from - {A_DAY},
    stamp_until = stamp_until - {A_DAY},
    rival_planned_on = rival_planned_on - 1,
    rival_restriction_on = rival_restriction_on - 1,
    planned_on = planned_on - 1,
    restriction_on = restriction_on - 1
"""

CASES = f"""
UPDATE cases SET
    opened_at = opened_at - {A_DAY},
    state_since = state_since - {A_DAY},
    notice_issued_at = notice_issued_at - {A_DAY},
    last_alert_at = last_alert_at - {A_DAY},
    paused_until = paused_until - {A_DAY},
    due_at = due_at - {A_DAY},
    harm_on = harm_on - 1,
    planned_on = planned_on - 1,
    restriction_on = restriction_on - 1,
    hold_until = hold_until - 1,
    review_on = review_on - 1
"""

# JSON columns that hold days: what a case remembers of its lines, and the days of an area's notices.
WITH_DAYS = (cases.c.seen, cases.c.believed, notices.c.area_facts)
# A day, or the day of a moment, as JSON writes it.
DAY = re.compile(r'(?<=")\d{4}-\d\d-\d\d(?=["T])')

ALERTS = f"""
UPDATE alerts SET
    created_at = created_at - {A_DAY},
    acknowledged_at = acknowledged_at - {A_DAY}
"""


def let_a_day_pass(store: Store) -> None:
    """Move the times of notices, cases and alerts a day into the past, in one transaction. PostgreSQL only."""
    with store.writing() as connection:
        for statement in (NOTICES, CASES, ALERTS):
            connection.execute(text(statement))
        for column in WITH_DAYS:
            _move_days(connection, column)


def _move_days(connection: Connection, column: Column[Any]) -> None:
    table = column.table
    for pk, value in connection.execute(select(table.c.pk, column).where(column.is_not(None))).all():
        moved = json.loads(DAY.sub(_day_before, json.dumps(value)))
        if moved != value:
            connection.execute(update(table).where(table.c.pk == pk).values({column.name: moved}))


def _day_before(found: re.Match[str]) -> str:
    return str(date.fromisoformat(found[0]) - timedelta(days=1))
