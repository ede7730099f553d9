from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, case, func, select

from schemas.codes import MatchLevel
from services.alerts.states.machine import ENDED
from services.core.clock import NO_DAY
from services.storage.matches.harmful_day import harmful_day_of
from services.storage.matches.settled import to_check
from services.storage.tables import cases, feeds, matches, notices, register_entries

# Matches whose harm is as near come in the order of their weight [P]. An unknown day may be any day.
BANDS: Final = (2, 10, 60)


def find_checks(connection: Connection, feed_id: str, today: date, limit: int) -> Sequence[Row[Any]]:
    """Return the council's matches that a person must still check, the most urgent first.

    Each register entry has only its surest match in the rows. `others` is the number of the entry's further matches.
    `total` is the number of rows without the limit. A row also has the columns of the match and the notice, the
    provider's `name` and `contact`, the `reference` of the case, and the `harmful_day`.
    """
    row, day = matches.c, harmful_day_of(connection, notices.c)
    place = func.row_number().over(partition_by=row.entry_pk, order_by=[*_surest_first(), day, row.notice_pk])
    ranked = (
        select(
            row.notice_pk,
            row.entry_pk,
            _band(day, today).label("band"),
            day.label("harmful_day"),
            place.label("place"),
            (func.count().over(partition_by=row.entry_pk) - 1).label("others"),
        )
        .join_from(matches, notices, notices.c.pk == row.notice_pk)
        .join(register_entries, register_entries.c.pk == row.entry_pk)
        # Without an open case nothing hangs on the match, as when the register says that the alarm has a SIM.
        .join(cases, cases.c.entry_pk == row.entry_pk)
        .where(register_entries.c.feed_id == feed_id, cases.c.state.not_in([state.value for state in ENDED]))
        .where(to_check(connection, row, notices.c))
        .subquery("ranked")
    )
    same = (row.notice_pk == ranked.c.notice_pk) & (row.entry_pk == ranked.c.entry_pk)
    query = (
        select(
            matches,
            notices,
            feeds.c.name,
            feeds.c.contact,
            cases.c.reference,
            ranked.c.harmful_day,
            ranked.c.others,
            func.count().over().label("total"),
        )
        .join_from(ranked, matches, same)
        .join(notices, notices.c.pk == row.notice_pk)
        .join(feeds, feeds.c.feed_id == notices.c.feed_id)
        .join(cases, cases.c.entry_pk == row.entry_pk)
        .where(ranked.c.place == 1)
        .order_by(ranked.c.band, *_surest_first(), ranked.c.harmful_day, row.entry_pk)
    )
    return connection.execute(query.limit(limit)).all()


def _surest_first() -> list[ColumnElement[Any]]:
    # The same number at another address is alerted as confirmed, so it is looked at first.
    return [case((matches.c.level == MatchLevel.CONFIRMED.value, 0), else_=1), matches.c.weight.desc()]


def _band(day: ColumnElement[date], today: date) -> ColumnElement[int]:
    near = [(day <= today + timedelta(days=days), number) for number, days in enumerate(BANDS)]
    return case((day == NO_DAY, 0), *near, else_=len(BANDS))
