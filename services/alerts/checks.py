from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row

from schemas.codes import MatchLevel
from services.alerts.case.store.checks import find_checks
from services.alerts.match_views import orders_of
from services.core.clock import NO_DAY, london_day
from services.core.match_reference import match_reference
from services.storage.store import Store


class MatchToCheck(BaseModel):
    """A match that a person must still check. A register entry is listed only with its surest match."""

    model_config = ConfigDict(frozen=True)

    match: str
    case: str
    level: MatchLevel
    # The logarithm of the odds that notice and entry are of one home: at 0 even, at 3 eight to one.
    weight: float
    reasons: list[str]
    provider: str
    provider_references: list[str]
    # The earliest day on which the notice may do harm, or None if no day is known.
    harm_on: date | None
    others: int  # matches of the same entry that come next, if this one is rejected


class MatchesToCheck(BaseModel):
    """The matches that a person must still check, the most urgent first."""

    model_config = ConfigDict(frozen=True)

    left: int  # register entries with a match to check, also those that are not in the list
    matches: list[MatchToCheck]


def matches_to_check(connection: Connection, store: Store, feed_id: str, limit: int) -> MatchesToCheck:
    found = find_checks(connection, feed_id, london_day(store.now()), limit)
    return MatchesToCheck(
        left=found[0].total if found else 0, matches=[_shown(connection, store, row) for row in found]
    )


def _shown(connection: Connection, store: Store, row: Row[Any]) -> MatchToCheck:
    orders = orders_of(connection, store, row)
    return MatchToCheck(
        match=match_reference(store.tokeniser, row.notice_pk, row.entry_pk),
        case=row.reference,
        level=MatchLevel(row.level),
        weight=row.weight,
        reasons=row.reasons.split(),
        provider=row.name,
        provider_references=orders.references,
        harm_on=None if row.harmful_day == NO_DAY else row.harmful_day,
        others=row.others,
    )
