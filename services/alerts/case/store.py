"""Loads cases with their entries and lines, and writes them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select, update

from schemas.codes import Connection as AlarmConnection
from schemas.codes import MatchDecision, MatchLevel, MigrationKind, NoticeStatus, ServiceStatus, TargetService
from services.alerts.review.case import Case, Entry, Line, Rival
from services.alerts.states.machine import ENDED, State
from services.storage.dialect import among, listed, looked_up, upsert
from services.storage.tables import cases, feeds, matches, notices, register_entries

_COLUMNS = [cases.c[field.name] for field in fields(Case)]
_CHANGING = tuple(field.name for field in fields(Case) if field.name not in {"pk", "reference", "entry_pk"})
_LISTS = ("providers", "claimed_by", "rulesets")  # kept with blanks between them
_OF_MATCH = [
    matches.c.entry_pk,
    matches.c.notice_pk,
    matches.c.level,
    matches.c.decision,
    matches.c.decided_level,
]
_OF_NOTICE = [
    notices.c.status,
    notices.c.migration_kind,
    notices.c.target_service,
    notices.c.planned_on,
    notices.c.restriction_on,
    notices.c.issued_at,
    notices.c.feed_id,
    notices.c.revision,
    notices.c.announced,
    notices.c.rival_status,
    notices.c.rival_planned_on,
    notices.c.rival_restriction_on,
]


@dataclass(frozen=True, slots=True)
class CaseContext:
    """All that a review of one entry's case needs; `case` is None where there is none yet."""

    entry: Entry
    lines: tuple[Line, ...]
    case: Case | None


def load_contexts(connection: Connection, entry_pks: Collection[int]) -> dict[int, CaseContext]:
    """The contexts of register entries, by entry, with their cases locked: they are read to be changed."""
    if not entry_pks:
        return {}
    found = find_cases(connection, among(connection, cases.c.entry_pk, entry_pks), to_change=True)
    known = {case.entry_pk: case for case in found}
    entries = _entries(connection, entry_pks)
    lines = find_lines(connection, entry_pks)
    return {pk: CaseContext(entry, tuple(lines.get(pk, ())), known.get(pk)) for pk, entry in entries.items()}


def find_cases(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None, to_change: bool = False
) -> list[Case]:
    """Cases that meet all conditions, the earliest harm first; locked, if they are read `to_change` them."""
    query = select(*_COLUMNS).where(*conditions).limit(limit)
    if to_change:
        # Always in the same order: two workers that lock the same cases never wait for each other in a circle.
        query = query.order_by(cases.c.pk).with_for_update()
    else:
        query = query.order_by(cases.c.harm_on.nulls_last(), cases.c.pk)
    return [_case(row) for row in connection.execute(query)]


def load_context(connection: Connection, case: Case) -> CaseContext:
    """The context of a case that is on record."""
    (found,) = load_contexts(connection, [case.entry_pk]).values()
    return found


def find_due(connection: Connection, query: Select[Any]) -> list[Case]:
    """The cases of a query over the columns of `CASE_COLUMNS`."""
    return [_case(row) for row in connection.execute(query)]


CASE_COLUMNS = tuple(_COLUMNS)


def save_cases(connection: Connection, changed: Iterable[Case]) -> None:
    """Write cases, new or changed."""
    rows = [_row(case) for case in changed]
    if rows:
        connection.execute(upsert(connection, cases, ("pk",), _CHANGING), rows)


def _case(row: Any) -> Case:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for it
    values["state"] = State(values["state"])
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
    return values | plain | lists | {"revision": case.revision + 1}


def _entries(connection: Connection, pks: Collection[int]) -> dict[int, Entry]:
    row = register_entries.c
    query = select(row.pk, row.feed_id, row.shard, row.live, row.service_status, row.connection)
    return {
        pk: Entry(pk, feed_id, shard, live, ServiceStatus(status), AlarmConnection(connection_))
        for pk, feed_id, shard, live, status, connection_ in connection.execute(
            query.where(among(connection, row.pk, pks))
        )
    }


def find_lines(connection: Connection, entry_pks: Collection[int]) -> Mapping[int, Sequence[Line]]:
    """The live matches of register entries, by entry."""
    wanted = listed(connection, entry_pks)
    is_live = matches.c.live & (matches.c.entry_pk == wanted.c.value)
    rows, match = looked_up(connection, wanted, matches, is_live, *_OF_MATCH)
    rows, notice = looked_up(connection, rows, notices, notices.c.pk == match.notice_pk, *_OF_NOTICE)
    columns = [side[one.name] for side, named in ((match, _OF_MATCH), (notice, _OF_NOTICE)) for one in named]
    query = select(*columns).select_from(rows).order_by(match.notice_pk)
    found: dict[int, list[Line]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.entry_pk].append(_line(row))
    return found


def _rival(row: Any) -> Rival | None:
    if row.rival_status is None:
        return None
    return Rival(NoticeStatus(row.rival_status), row.rival_planned_on, row.rival_restriction_on)


def _line(row: Any) -> Line:
    return Line(
        notice_pk=row.notice_pk,
        level=MatchLevel(row.level),
        decision=MatchDecision(row.decision),
        decided_level=MatchLevel(row.decided_level) if row.decided_level else None,
        status=NoticeStatus(row.status),
        migration_kind=MigrationKind(row.migration_kind),
        target_service=TargetService(row.target_service),
        planned_on=row.planned_on,
        restriction_on=row.restriction_on,
        issued_at=row.issued_at,
        provider=row.feed_id.partition(":")[2],
        revision=row.revision,
        announced=row.announced,
        rival=_rival(row),
    )


def councils_with_other_rules(connection: Connection, ruleset: str) -> list[str]:
    """The councils whose entries have not been reviewed by this rule set."""
    other = feeds.c.reviewed_ruleset.is_distinct_from(ruleset)
    return list(connection.scalars(select(feeds.c.feed_id).where(feeds.c.kind == "council", other)))


def entries_to_review(connection: Connection, feed_id: str, after: int, limit: int) -> Sequence[int]:
    """The next entries of a council, by id, that a new rule set may say something about."""
    entry = register_entries.c
    matched = exists().where(matches.c.entry_pk == entry.pk, matches.c.live)
    running = exists().where(cases.c.entry_pk == entry.pk, cases.c.state.not_in([state.value for state in ENDED]))
    query = select(entry.pk).where(entry.feed_id == feed_id, entry.pk > after, or_(matched, running))
    return connection.scalars(query.order_by(entry.pk).limit(limit)).all()


def set_reviewed_ruleset(connection: Connection, feed_id: str, ruleset: str) -> None:
    connection.execute(update(feeds).where(feeds.c.feed_id == feed_id).values(reviewed_ruleset=ruleset))
