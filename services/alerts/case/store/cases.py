from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, or_, select, update

from schemas.codes import CaseState, MatchLevel
from services.alerts.review.case import Case
from services.alerts.states.machine import CLOCK_STOPPED, ENDED, URGENT
from services.core.errors import NotFoundError
from services.storage.bulk import bulk_upsert
from services.storage.dialect import among, skipping_locked
from services.storage.tables import alert_cases, cases, feeds

_NAMES = [field.name for field in fields(Case)]
_COLUMNS = [cases.c[name] for name in _NAMES]
_CHANGING = tuple(name for name in _NAMES if name not in {"pk", "reference", "entry_pk"})
_STATE, _LEVEL, _TIME_STEPS = (_NAMES.index(name) for name in ("state", "level", "time_steps"))
_LISTS = ("providers", "claimed_by", "rulesets")  # stored as one text, with blanks between the items
_LIST_PLACES = tuple(_NAMES.index(name) for name in _LISTS)


@dataclass(frozen=True, slots=True)
class DueBy:
    by: datetime  # a case is due if its due time is this time or earlier
    # Only a clock that ran ahead can have written a later due time. An open case with such a due time is due now.
    beyond: datetime


def find_cases(
    connection: Connection,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
    to_change: bool = False,
    urgent_first: bool = False,
) -> list[Case]:
    """Return the cases that meet the conditions, sorted by the day of harm.

    `urgent_first` sorts by urgency before the day of harm. `to_change` locks the cases, and sorts only by id.
    """
    query = select(*_COLUMNS).where(*conditions).limit(limit)
    if to_change:
        # Cases are always locked in the same order, so two workers that lock the same cases cannot deadlock.
        query = query.order_by(cases.c.pk).with_for_update()
    else:
        first = (_urgency(),) if urgent_first else ()
        query = query.order_by(*first, cases.c.harm_on.nulls_last(), cases.c.pk)
    return [_case(row) for row in connection.execute(query)]


def find_case(connection: Connection, reference: str, feed_id: str | None, *, to_change: bool = False) -> Case:
    """Raises NotFoundError if there is no such case. `to_change` locks the case."""
    conditions: list[ColumnElement[bool]] = [cases.c.reference == reference.strip().upper()]
    if feed_id is not None:
        conditions.append(cases.c.feed_id == feed_id)
    found = find_cases(connection, *conditions, to_change=to_change)
    if not found:
        raise NotFoundError("there is no case with this reference")
    return found[0]


def cases_of_council(
    connection: Connection,
    feed_id: str,
    state: CaseState | None,
    *further: ColumnElement[bool],
    ended: bool,
    limit: int,
) -> list[Case]:
    """If `ended` is true, return ended cases too. If a `state` is given, `ended` has no effect."""
    conditions = [cases.c.feed_id == feed_id, *further]
    if state is not None:
        conditions.append(cases.c.state == state.value)
    elif not ended:
        conditions.append(_running())
    return find_cases(connection, *conditions, limit=limit)


def lock_cases(connection: Connection, pks: Collection[int]) -> list[Case]:
    """Lock the cases, and return them in the order of ids."""
    return find_cases(connection, among(connection, cases.c.pk, pks), to_change=True)


def cases_by_pk(connection: Connection, pks: Collection[int]) -> list[Case]:
    return find_cases(connection, among(connection, cases.c.pk, pks))


def free_cases(connection: Connection, pks: Collection[int]) -> list[Case]:
    """Lock and return the cases that no other worker has locked."""
    query = select(*_COLUMNS).where(among(connection, cases.c.pk, pks)).order_by(cases.c.pk)
    return [_case(row) for row in connection.execute(skipping_locked(connection, query))]


def waiting_cases(connection: Connection, feed_id: str | None) -> list[Case]:
    mine = [] if feed_id is None else [cases.c.feed_id == feed_id]
    return find_cases(connection, cases.c.changes_wait_since.is_not(None), *mine)


def cases_of_alert(connection: Connection, alert_pk: int, *, to_change: bool = False) -> list[Case]:
    members = select(alert_cases.c.case_pk).where(alert_cases.c.alert_pk == alert_pk)
    return find_cases(connection, cases.c.pk.in_(members), to_change=to_change)


def find_running(connection: Connection, feed_id: str, after: int, limit: int) -> list[tuple[int, int]]:
    # Returns (case id, entry id) of cases that have not ended and have ids above `after`.
    query = select(cases.c.pk, cases.c.entry_pk).where(cases.c.feed_id == feed_id, cases.c.pk > after)
    rows = connection.execute(query.where(_running()).order_by(cases.c.pk).limit(limit))
    return [(pk, entry_pk) for pk, entry_pk in rows]


def page_to_check(connection: Connection, feed_id: str, after: int, limit: int) -> list[Case]:
    """Return at most `limit` cases that may still need a message, in the order of ids.

    All ids are above `after`, the last id of the previous page.
    """
    row = cases.c
    withdrawn = (row.state == CaseState.NOTICE_WITHDRAWN.value) & row.warned
    may_be_due = or_(_running(), row.review_on.is_not(None), withdrawn)
    query = select(*_COLUMNS).where(row.feed_id == feed_id, row.pk > after, may_be_due)
    return [_case(found) for found in connection.execute(query.order_by(row.pk).limit(limit))]


def councils_with_due_cases(connection: Connection, due: DueBy) -> Sequence[str]:
    queries = (feeds_with(condition) for condition in due_conditions(due))
    return sorted(set(chain.from_iterable(connection.scalars(query) for query in queries)))


def feeds_with(condition: ColumnElement[bool]) -> Select[Any]:
    # One look at an index for each feed. For DISTINCT, SQLite would read the index from end to end.
    return select(feeds.c.feed_id).where(exists().where(cases.c.feed_id == feeds.c.feed_id, condition))


def claim_due(connection: Connection, feed_id: str, due: DueBy, limit: int) -> list[Case]:
    # Cases that have been due longest come first. Cases that another worker has locked are skipped.
    found: list[Case] = []
    for condition in due_conditions(due):
        query = due_cases(feed_id, condition).limit(limit - len(found))
        found += [_case(row) for row in connection.execute(skipping_locked(connection, query))]
    return found


def due_cases(feed_id: str, condition: ColumnElement[bool]) -> Select[Any]:
    return select(*_COLUMNS).where(condition, cases.c.feed_id == feed_id).order_by(cases.c.due_at)


def save_cases(connection: Connection, changed: Iterable[Case]) -> None:
    bulk_upsert(connection, cases, ("pk",), _CHANGING, [_row(case) for case in changed])


def forget_tries(connection: Connection, alert_pk: int, *, warned: bool) -> None:
    # A case without `tried_at` does not wait as long as a case whose last message reached nobody.
    members = select(alert_cases.c.case_pk).where(alert_cases.c.alert_pk == alert_pk)
    values: dict[str, Any] = {"tried_at": None} | ({"warned": True} if warned else {})
    connection.execute(update(cases).where(cases.c.pk.in_(members)).values(values))


def _urgency() -> ColumnElement[int]:
    # Ended cases have a stopped clock too, and come last of all.
    ranks = ((URGENT, 0), (ENDED, 3), (CLOCK_STOPPED, 2))
    return case(*((cases.c.state.in_([state.value for state in states]), rank) for states, rank in ranks), else_=1)


def _running() -> ColumnElement[bool]:
    return cases.c.state.not_in([state.value for state in ENDED])


def due_conditions(due: DueBy) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    # Each has a query of its own: joined by OR, SQLite would read every case.
    return cases.c.due_at <= due.by, and_(cases.c.due_at > due.beyond, _running())


def _case(row: Any) -> Case:
    # By position: a council may have tens of thousands of cases, and a look at them reads each.
    values = list(row)
    values[_STATE] = CaseState(values[_STATE])
    values[_LEVEL] = MatchLevel(values[_LEVEL]) if values[_LEVEL] else None
    for place in _LIST_PLACES:
        values[place] = tuple(values[place].split())
    values[_TIME_STEPS] = tuple(values[_TIME_STEPS])
    return Case(*values)


def _row(case: Case) -> dict[str, Any]:
    values = {field.name: getattr(case, field.name) for field in fields(Case)}
    level = case.level.value if case.level else None
    plain = {"state": case.state.value, "level": level, "seen": dict(case.seen), "time_steps": list(case.time_steps)}
    lists = {name: " ".join(getattr(case, name)) for name in _LISTS}
    return values | plain | lists | {"revision": case.revision + 1}  # every write is a new revision
