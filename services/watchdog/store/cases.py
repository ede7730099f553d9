"""Reads cases and the accepted messages about them, page by page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
)

from services.core.clock import from_micros
from services.storage.database.engine import reading
from services.storage.dialect import among
from services.storage.tables import Moment, alert_cases, alerts, audit, cases, deliveries, delivery_attempts
from services.watchdog import states
from services.watchdog.rules import NOTHING, Acceptance, CaseRecord

# Cases in memory at once.
PAGE: Final = 10_000

MOMENTS_KEPT: Final = 65_536

# Most cases had a message within this time. The older messages of a case are read only if it had none.
RECENT: Final = timedelta(days=30)

# Moments are read as numbers: the type of the columns would take a third of the time of a look.
_MOMENTS: Final = tuple(
    place for place, name in enumerate(CaseRecord._fields) if isinstance(cases.c[name].type, Moment)
)
_COLUMNS: Final = tuple(
    type_coerce(cases.c[name], BigInteger) if place in _MOMENTS else cases.c[name]
    for place, name in enumerate(CaseRecord._fields)
)
# A case that is over counts if it may still owe something, such as a re-test.
_COUNTS: Final = or_(
    cases.c.state.not_in(sorted(states.ENDED)),
    cases.c.due_at.is_not(None),
    and_(cases.c.review_on.is_not(None), cases.c.state.in_(sorted(states.LOOKED_AT_AGAIN))),
)


def case_pages(engine: Engine, now: datetime) -> Iterator[Sequence[tuple[CaseRecord, Acceptance]]]:
    """Yield the cases that may owe a message, in pages. Each page is read in a transaction of its own."""
    last = 0
    while True:
        with reading(engine).begin() as connection:
            query = select(*_COLUMNS).where(cases.c.pk > last, _COUNTS).order_by(cases.c.pk).limit(PAGE)
            page = [_record(row) for row in connection.execute(query).all()]
            if not page:
                return
            # Read after the cases: a message that is accepted between the two reads does no harm.
            accepted = _acceptances(connection, [one.pk for one in page], now)
        last = page[-1].pk
        yield [(one, accepted.get(one.pk, NOTHING)) for one in page]


def _record(row: Sequence[Any]) -> CaseRecord:
    values = list(row)
    for place in _MOMENTS:
        values[place] = _moment(values[place])
    return CaseRecord._make(values)


def _acceptances(connection: Connection, pks: Sequence[int], now: datetime) -> Mapping[int, Acceptance]:
    # Said of both tables: from the range of one, PostgreSQL does not conclude that of the other.
    of_page = [_between(column, pks[0], pks[-1]) for column in (cases.c.pk, alert_cases.c.case_pk)]
    found = _accepted(connection, and_(*of_page, _COUNTS, alerts.c.created_at >= now - RECENT))
    left = [pk for pk in pks if pk not in found]
    return found | _accepted(connection, among(connection, cases.c.pk, left)) if left else found


def _between(column: ColumnElement[int], first: int, last: int) -> ColumnElement[bool]:
    # Written into the statement. With parameters PostgreSQL soon plans for any range, and reads the whole table.
    low, high = (bindparam(None, pk, BigInteger, literal_execute=True) for pk in (first, last))
    return and_(column >= low, column <= high)


def _accepted(connection: Connection, wanted: ColumnElement[bool]) -> dict[int, Acceptance]:
    pairs = (
        select(cases.c.pk.label("case_pk"), alerts.c.pk.label("alert_pk"))
        .add_columns((alerts.c.created_at >= cases.c.opened_at).label("is_current"))
        .join_from(cases, alert_cases, alert_cases.c.case_pk == cases.c.pk)
        .join(alerts, alerts.c.pk == alert_cases.c.alert_pk)
        .where(wanted)
        .cte("pairs")
    )
    # Once for each alert: one alert may be about thousands of cases.
    results = _results().where(deliveries.c.alert_pk.in_(select(pairs.c.alert_pk))).cte("results")
    query = (
        select(
            pairs.c.case_pk,
            type_coerce(func.max(case((pairs.c.is_current, results.c.sent_at))), BigInteger),
            type_coerce(func.max(results.c.sent_at), BigInteger),
            func.max(results.c.in_doubt),
        )
        .join_from(pairs, results, results.c.alert_pk == pairs.c.alert_pk)
        .group_by(pairs.c.case_pk)
    )
    return {
        pk: Acceptance(_moment(current), _moment(ever), bool(doubt))
        for pk, current, ever, doubt in connection.execute(query).all()
    }


# One transaction writes many rows with one time.
@lru_cache(MOMENTS_KEPT)
def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _results() -> Select[int, datetime | None, int]:
    # An attempt is the evidence. What deliveries, alerts and cases say of it follows from it, and may be wrong.
    row, attempt = deliveries.c, delivery_attempts.c
    sent_at = func.max(case((attempt.outcome == "sent", attempt.ended_at))).label("sent_at")
    in_doubt = func.max(case((attempt.outcome == "in_doubt", 1), else_=0)).label("in_doubt")
    return (
        select(row.alert_pk, sent_at, in_doubt)
        .join_from(deliveries, delivery_attempts, attempt.delivery_pk == row.pk)
        # A message that was accepted and came back has reached nobody.
        .where(attempt.outcome.in_(("sent", "in_doubt")), row.state != "refused")
        .group_by(row.alert_pk)
    )


def last_recorded_states(engine: Engine, references: Collection[str]) -> Mapping[str, str]:
    """Return the state of each case after its last move, as the audit has it. Cases that never moved are left out."""
    row = audit.c
    newest = (
        select(func.max(row.pk))
        .where(row.subject.in_(references), row.action.in_(("case_opened", "case_moved")))
        .group_by(row.subject)
    )
    query = select(row.subject, row.fields).where(row.pk.in_(newest))
    with reading(engine).begin() as connection:
        return {subject: fields.get("to", "open") for subject, fields in connection.execute(query)}
