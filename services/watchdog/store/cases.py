from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    type_coerce,
)

from services.storage.database.engine import reading
from services.storage.tables import Moment, alert_cases, audit, cases
from services.watchdog import states
from services.watchdog.cutoffs import Cutoffs
from services.watchdog.findings import FaultKind, RecordFault
from services.watchdog.rules import Acceptance, CaseRecord
from services.watchdog.store.accepted import acceptance, acceptances, accepted_messages, moment_or_none
from services.watchdog.store.in_order import AcceptedColumns, surely_in_order

# Cases that one statement reads, and those in memory at once.
SPAN: Final = 200_000
IN_MEMORY: Final = 10_000

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
_WIDTH: Final = len(_COLUMNS)
# A case that is over counts if it may still owe something, such as a re-test.
_COUNTS: Final = or_(
    cases.c.state.not_in(sorted(states.ENDED)),
    cases.c.due_at.is_not(None),
    and_(cases.c.review_on.is_not(None), cases.c.state.in_(sorted(states.LOOKED_AT_AGAIN))),
)


class PkSpan(NamedTuple):
    # Both ends are included.
    first: int
    last: int

    def holds(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        # Written into the statement. With parameters PostgreSQL soon plans for any span, and reads the whole table.
        low, high = (bindparam(None, pk, BigInteger, literal_execute=True) for pk in self)
        return and_(column >= low, column <= high)


def case_spans(engine: Engine) -> Iterator[PkSpan]:
    last = 0
    while True:
        rest = select(cases.c.pk).where(cases.c.pk > last).order_by(cases.c.pk)
        with reading(engine).begin() as connection:
            first = connection.scalar(rest.limit(1))
            if first is None:
                return
            last = connection.scalar(rest.offset(SPAN - 1).limit(1)) or connection.scalar(select(func.max(cases.c.pk)))
        yield PkSpan(first, last)


def doubtful_cases(
    connection: Connection, span: PkSpan, cutoffs: Cutoffs
) -> Iterator[Sequence[tuple[CaseRecord, Acceptance]]]:
    # Said of both tables: from the span of one, PostgreSQL does not conclude that of the other.
    wanted = and_(span.holds(cases.c.pk), span.holds(alert_cases.c.case_pk))
    told = accepted_messages(wanted, since=cutoffs.now - RECENT)
    columns = (told.c.current, told.c.ever, told.c.in_doubt)
    query = (
        select(*_COLUMNS, *columns)
        .join_from(cases, told, told.c.case_pk == cases.c.pk, isouter=True)
        # Where the condition is NULL, the rules decide.
        .where(span.holds(cases.c.pk), _COUNTS, surely_in_order(AcceptedColumns(*columns), cutoffs).is_not(true()))
        .order_by(cases.c.pk)
    )
    for page in connection.execute(query).partitions(IN_MEMORY):
        yield _with_older_messages(connection, page)


def _with_older_messages(connection: Connection, page: Sequence[Any]) -> Sequence[tuple[CaseRecord, Acceptance]]:
    # No recent message leaves the last column empty.
    left = [row.pk for row in page if row.in_doubt is None]
    # Read after the cases: a message that is accepted between the two reads does no harm.
    older = acceptances(connection, left) if left else {}
    return [(_record(row), older.get(row.pk) or acceptance(*row[_WIDTH:])) for row in page]


def _record(row: Sequence[Any]) -> CaseRecord:
    values = list(row[:_WIDTH])
    for place in _MOMENTS:
        values[place] = moment_or_none(values[place])
    return CaseRecord._make(values)


def silenced_without_record(connection: Connection, span: PkSpan) -> Iterator[RecordFault]:
    row, silent = audit.c, sorted(states.SILENT - states.ENDED)
    # A case that is over is judged by its lines, wherever a line is still at risk.
    newest = (
        select(row.fields["to"].as_string())
        .where(row.subject == cases.c.reference, row.action.in_(("case_opened", "case_moved")))
        .order_by(row.pk.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(cases.c.feed_id, cases.c.reference)
        .where(span.holds(cases.c.pk), cases.c.state.in_(silent), newest.is_distinct_from(cases.c.state))
        .order_by(cases.c.pk)
    )
    for feed_id, reference in connection.execute(query):
        yield RecordFault(FaultKind.SILENCED_WITHOUT_RECORD, feed_id, reference)
