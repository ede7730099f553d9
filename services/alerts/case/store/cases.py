"""Finds cases, claims those that are due, and writes cases back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from schemas.codes import CaseState, MatchLevel
from services.alerts.review.case import Case
from services.alerts.states.machine import ENDED
from services.core.errors import NotFoundError
from services.storage.dialect import skipping_locked, upsert
from services.storage.tables import alert_cases, cases

_COLUMNS = [cases.c[field.name] for field in fields(Case)]
_CHANGING = tuple(field.name for field in fields(Case) if field.name not in {"pk", "reference", "entry_pk"})
_LISTS = ("providers", "claimed_by", "rulesets")  # kept with blanks between them


@dataclass(frozen=True, slots=True)
class DueBy:
    """The limits that make a case due: a due time up to `by`, or, for an open case, one after `beyond`."""

    by: datetime
    beyond: datetime  # no due time is this late unless a clock that ran ahead wrote it


def find_cases(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None, to_change: bool = False
) -> list[Case]:
    """Return the cases that meet all conditions, the earliest harm first.

    With `to_change` they are locked, and come in the order of their ids.
    """
    query = select(*_COLUMNS).where(*conditions).limit(limit)
    if to_change:
        # Always in the same order: two workers that lock the same cases never wait for each other in a circle.
        query = query.order_by(cases.c.pk).with_for_update()
    else:
        query = query.order_by(cases.c.harm_on.nulls_last(), cases.c.pk)
    return [_case(row) for row in connection.execute(query)]


def find_case(connection: Connection, reference: str, feed_id: str | None, *, to_change: bool = False) -> Case:
    """Raises NotFoundError, also for another council's case if `feed_id` is given."""
    conditions: list[ColumnElement[bool]] = [cases.c.reference == reference.strip().upper()]
    if feed_id is not None:
        conditions.append(cases.c.feed_id == feed_id)
    found = find_cases(connection, *conditions, to_change=to_change)
    if not found:
        raise NotFoundError("there is no case with this reference")
    return found[0]


def cases_of_council(
    connection: Connection, feed_id: str, state: CaseState | None, *, ended: bool, limit: int
) -> list[Case]:
    """Return a council's cases in a state. Without a state: those that have not ended, or all if `ended`."""
    conditions = [cases.c.feed_id == feed_id]
    if state is not None:
        conditions.append(cases.c.state == state.value)
    elif not ended:
        conditions.append(_running())
    return find_cases(connection, *conditions, limit=limit)


def cases_of_alert(connection: Connection, alert_pk: int, *, to_change: bool = False) -> list[Case]:
    members = select(alert_cases.c.case_pk).where(alert_cases.c.alert_pk == alert_pk)
    return find_cases(connection, cases.c.pk.in_(members), to_change=to_change)


def find_running(connection: Connection, feed_id: str, after: int, limit: int) -> list[tuple[int, int]]:
    # (case id, entry id) of cases that have not ended, with ids above `after`.
    query = select(cases.c.pk, cases.c.entry_pk).where(cases.c.feed_id == feed_id, cases.c.pk > after)
    rows = connection.execute(query.where(_running()).order_by(cases.c.pk).limit(limit))
    return [(pk, entry_pk) for pk, entry_pk in rows]


def councils_with_due_cases(connection: Connection, due: DueBy) -> Sequence[str]:
    return connection.scalars(select(cases.c.feed_id).where(_is_due(due)).distinct()).all()


def claim_due(connection: Connection, feed_id: str, due: DueBy, limit: int) -> list[Case]:
    # The longest due first. Cases that another worker has locked are skipped, not waited for.
    query = select(*_COLUMNS).where(_is_due(due), cases.c.feed_id == feed_id)
    claimed = skipping_locked(connection, query.order_by(cases.c.due_at).limit(limit))
    return [_case(row) for row in connection.execute(claimed)]


def save_cases(connection: Connection, changed: Iterable[Case]) -> None:
    rows = [_row(case) for case in changed]
    if rows:
        connection.execute(upsert(connection, cases, ("pk",), _CHANGING), rows)


def forget_tries(connection: Connection, alert_pk: int, *, warned: bool) -> None:
    """Make the cases of an alert count as not tried yet; if `warned`, as cases that their council has heard of."""
    # Without `tried_at` the next message about these cases is not a repeat of one that reached nobody.
    members = select(alert_cases.c.case_pk).where(alert_cases.c.alert_pk == alert_pk)
    values: dict[str, Any] = {"tried_at": None} | ({"warned": True} if warned else {})
    connection.execute(update(cases).where(cases.c.pk.in_(members)).values(values))


def _running() -> ColumnElement[bool]:
    return cases.c.state.not_in([state.value for state in ENDED])


def _is_due(due: DueBy) -> ColumnElement[bool]:
    return or_(cases.c.due_at <= due.by, and_(cases.c.due_at > due.beyond, _running()))


def _case(row: Any) -> Case:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for it
    values["state"] = CaseState(values["state"])
    values["level"] = MatchLevel(values["level"]) if values["level"] else None
    for name in _LISTS:
        values[name] = tuple(values[name].split())
    values["time_steps"] = tuple(values["time_steps"])
    return Case(**values)


def _row(case: Case) -> dict[str, Any]:
    values = {field.name: getattr(case, field.name) for field in fields(Case)}
    level = case.level.value if case.level else None
    plain = {"state": case.state.value, "level": level, "seen": dict(case.seen), "time_steps": list(case.time_steps)}
    lists = {name: " ".join(getattr(case, name)) for name in _LISTS}
    return values | plain | lists | {"revision": case.revision + 1}  # every write is a new revision
