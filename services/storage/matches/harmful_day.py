from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from services.core.clock import NO_DAY
from services.storage.dialect import earliest


def harmful_day_of(connection: Connection, notice: ReadOnlyColumnCollection[str, Any]) -> ColumnElement[date]:
    """Return the earliest day on which the notice may do harm, or `NO_DAY`. `notice` has the columns of `notices`."""
    # Of a date that may mean two days, or of versions that tie, the earlier day counts.
    moves = (notice.planned_on, notice.planned_either, notice.rival_planned_on)
    restrictions = (notice.restriction_on, notice.restriction_either, notice.rival_restriction_on)
    return earliest(connection, NO_DAY, *moves, *restrictions)
