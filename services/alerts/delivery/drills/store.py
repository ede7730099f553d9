from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from schemas.codes import CaseState
from services.alerts.delivery.drills.rules import ANSWERABLE, DrillState
from services.alerts.states.machine_states import CLOCK_STOPPED, URGENT
from services.core.errors import NotFoundError
from services.storage.feeds import ended_by_operator
from services.storage.tables import alerts, cases, deliveries, drills, feeds

_ROW = drills.c
# The line moved after its alarm was confirmed. The test call that is then due belongs to working hours.
_NOT_PRESSING = [state.value for state in CLOCK_STOPPED | {CaseState.MIGRATED}]


class Drill(NamedTuple):
    alert_pk: int
    reference: str
    feed_id: str  # the council
    month: str | None  # None if a person started it
    state: DrillState
    level: int
    started_at: datetime
    answer_by: datetime
    asked_at: datetime
    due_at: datetime | None
    failed_at: datetime | None
    answered_at: datetime | None


class UnansweredDrill(NamedTuple):
    reference: str
    council: str  # its name
    code: str
    started_at: datetime
    level: int


_DRILL = (
    _ROW.alert_pk,
    alerts.c.reference,
    _ROW.feed_id,
    _ROW.month,
    _ROW.state,
    _ROW.level,
    _ROW.started_at,
    _ROW.answer_by,
    _ROW.asked_at,
    _ROW.due_at,
    _ROW.failed_at,
    _ROW.answered_at,
)


def councils_to_drill(connection: Connection, month: str, begins: datetime) -> list[str]:
    done = exists().where(_ROW.feed_id == feeds.c.feed_id, _ROW.month == month)
    query = select(feeds.c.feed_id).where(feeds.c.kind == "council", feeds.c.created_at < begins, ~done)
    return list(connection.scalars(query.where(~ended_by_operator()).order_by(feeds.c.feed_id)))


def has_drill_of(connection: Connection, feed_id: str, month: str) -> bool:
    return bool(connection.scalar(select(exists().where(_ROW.feed_id == feed_id, _ROW.month == month))))


def due_drills(connection: Connection, now: datetime) -> list[str]:
    query = select(alerts.c.reference).join_from(drills, alerts, alerts.c.pk == _ROW.alert_pk)
    return list(connection.scalars(query.where(_ROW.due_at <= now).order_by(_ROW.due_at, _ROW.alert_pk)))


def insert_drill(connection: Connection, drill: Drill) -> None:
    values = {name: getattr(drill, name) for name in Drill._fields if name != "reference"}
    connection.execute(insert(drills).values({**values, "state": drill.state.value}))


def change_drill(connection: Connection, alert_pk: int, **values: object) -> None:
    connection.execute(update(drills).where(_ROW.alert_pk == alert_pk).values(values))


def lock_drill(connection: Connection, reference: str, feed_id: str | None = None) -> Drill:
    """Raises NotFoundError if there is no such drill."""
    query = _drills(_named(reference, feed_id)).with_for_update(of=drills)
    return _found(connection.execute(query).one_or_none())


def find_drill(connection: Connection, reference: str, feed_id: str | None = None) -> Drill:
    return _found(connection.execute(_drills(_named(reference, feed_id))).one_or_none())


def find_drill_of_alert(connection: Connection, alert_pk: int) -> Drill:
    return _drill(connection.execute(_drills(_ROW.alert_pk == alert_pk)).one())


def open_drills(connection: Connection, feed_id: str) -> list[Drill]:
    """Lock and return the drills that a person can still answer."""
    still = _ROW.state.in_([state.value for state in ANSWERABLE])
    rows = connection.execute(_drills(_ROW.feed_id == feed_id, still).with_for_update(of=drills))
    return [_drill(row) for row in rows]


def newest_drills(connection: Connection, feed_id: str | None, limit: int, before: int | None = None) -> list[Drill]:
    """If `feed_id` is None, return the drills of all councils."""
    wanted: list[ColumnElement[bool]] = [] if feed_id is None else [_ROW.feed_id == feed_id]
    wanted += [] if before is None else [_ROW.alert_pk < before]
    query = _drills(*wanted).order_by(_ROW.alert_pk.desc()).limit(limit)
    return [_drill(row) for row in connection.execute(query)]


def people_asked(connection: Connection, alert_pk: int) -> list[tuple[str, str]]:
    # The person and the channel of each message of a drill.
    row = deliveries.c
    query = select(row.contact, row.channel).where(row.alert_pk == alert_pk)
    return [(found.contact, found.channel) for found in connection.execute(query)]


def has_urgent_case(connection: Connection, feed_id: str, until: date) -> bool:
    near = and_(cases.c.harm_on <= until, cases.c.state.not_in(_NOT_PRESSING))
    urgent = or_(cases.c.state.in_([state.value for state in URGENT]), near)
    return bool(connection.scalar(select(exists().where(cases.c.feed_id == feed_id, urgent))))


def mark_drills_reported(connection: Connection, now: datetime) -> int:
    # Returns the number of failed drills of which the operator did not know.
    unknown = (_ROW.failed_at.is_not(None), _ROW.reported_at.is_(None))
    return connection.execute(update(drills).where(*unknown).values(reported_at=now)).rowcount


def unanswered_drills(connection: Connection) -> Sequence[UnansweredDrill]:
    columns = (alerts.c.reference, feeds.c.name, feeds.c.code, _ROW.started_at, _ROW.level)
    query = (
        select(*columns)
        .join_from(drills, alerts, alerts.c.pk == _ROW.alert_pk)
        .join(feeds, feeds.c.feed_id == _ROW.feed_id)
        .where(_ROW.state == DrillState.FAILED.value)
        .order_by(feeds.c.code, _ROW.alert_pk)
    )
    return [UnansweredDrill(*row) for row in connection.execute(query)]


def councils_by_last_drill(connection: Connection) -> list[tuple[str, int]]:
    last = select(func.max(_ROW.alert_pk)).group_by(_ROW.feed_id)
    query = select(_ROW.state, func.count()).where(_ROW.alert_pk.in_(last)).group_by(_ROW.state)
    found = {state: count for state, count in connection.execute(query)}  # noqa: C416 - rows are no pairs to dict()
    # Every state has a sample, so that an alert sees the rise from 0.
    return [(state.value, found.get(state.value, 0)) for state in DrillState]


def _drills(*wanted: ColumnElement[bool]) -> Any:
    return select(*_DRILL).join_from(drills, alerts, alerts.c.pk == _ROW.alert_pk).where(*wanted)


def _named(reference: str, feed_id: str | None) -> ColumnElement[bool]:
    # People type references by hand, so blanks around a reference and small letters are accepted.
    named = alerts.c.reference == reference.strip().upper()
    return named if feed_id is None else and_(named, _ROW.feed_id == feed_id)


def _found(row: Any) -> Drill:
    if row is None:
        raise NotFoundError("there is no drill with this reference")
    return _drill(row)


def _drill(row: Any) -> Drill:
    drill = Drill(*row)
    return drill._replace(state=DrillState(drill.state))
