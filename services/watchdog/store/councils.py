from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection, select

from services.core.days.working_days import Nation, nation_of
from services.storage.tables import feeds
from services.watchdog.calendar import CouncilCalendar


def council_calendars(connection: Connection) -> dict[str, CouncilCalendar]:
    # The policy of a council is sealed, so the calendar is stored beside the policy.
    rows = connection.execute(select(feeds.c.feed_id, feeds.c.calendar))
    return {
        row.feed_id: CouncilCalendar(
            Nation(said["nation"]) if (said := row.calendar or {}).get("nation") else nation_of(row.feed_id),
            frozenset(day for first, last in said.get("closed", ()) for day in _days(first, last)),
        )
        for row in rows
    }


def _days(first: str, last: str) -> Iterator[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return (begin + timedelta(days=n) for n in range((end - begin).days + 1))
