from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select

from schemas.codes import MatchDecision, MatchLevel, MigrationKind, NoticeStatus, TargetService
from services.alerts.review.case import AreaDays, Line, Rival
from services.alerts.review.doubts import UnsureDay
from services.core.area_facts import AreaFacts, AreaPart, from_json
from services.storage.dialect import listed, looked_up
from services.storage.matches.settled import to_check, waiting
from services.storage.tables import feeds, matches, notices

_OF_MATCH = [
    matches.c.entry_pk,
    matches.c.notice_pk,
    matches.c.level,
    matches.c.decision,
    matches.c.decided_level,
    matches.c.reasons,
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
    notices.c.area_facts,
    notices.c.planned_either,
    notices.c.restriction_either,
]
_READINGS = [
    notices.c.planned_either,
    notices.c.planned_or,
    notices.c.restriction_either,
    notices.c.restriction_or,
]


def find_lines(connection: Connection, entry_pks: Collection[int]) -> Mapping[int, Sequence[Line]]:
    # The tables are read one after another: see `looked_up` for the query plan that this avoids.
    wanted = listed(connection, entry_pks)
    is_live = matches.c.live & (matches.c.entry_pk == wanted.c.value)
    rows, match = looked_up(connection, wanted, matches, is_live, *_OF_MATCH)
    rows, notice = looked_up(connection, rows, notices, notices.c.pk == match.notice_pk, *_OF_NOTICE)
    columns = [side[column.name] for side, named in ((match, _OF_MATCH), (notice, _OF_NOTICE)) for column in named]
    # A match that waits for another one is as if it were not there.
    waits = waiting(connection, match, notice).waits
    query = select(*columns).select_from(rows).where(~waits).order_by(match.notice_pk)
    found: dict[int, list[Line]] = defaultdict(list)
    areas: dict[int, tuple[AreaFacts, ...]] = {}
    for row in connection.execute(query):
        if row.area_facts is not None and row.notice_pk not in areas:
            # Read once for all entries of the area.
            areas[row.notice_pk] = from_json(row.area_facts)
        found[row.entry_pk] += _parts(_line(row), areas.get(row.notice_pk, ()))
    return found


def find_matches(
    connection: Connection, entry_pk: int, after_notice_pk: int = 0, limit: int | None = None
) -> Sequence[Row[Any]]:
    # Returns all columns of the match and of its notice, the `name` and `contact` of the provider, whether the match
    # `waits`, and whether a person has still `to_check` it.
    query = (
        select(
            matches,
            notices,
            feeds.c.name,
            feeds.c.contact,
            waiting(connection, matches.c, notices.c).waits.label("waits"),
            to_check(connection, matches.c, notices.c).label("to_check"),
        )
        .join_from(matches, notices, notices.c.pk == matches.c.notice_pk)
        .join(feeds, feeds.c.feed_id == notices.c.feed_id)
        .where(matches.c.entry_pk == entry_pk, matches.c.notice_pk > after_notice_pk, matches.c.live)
        .order_by(matches.c.notice_pk)
    )
    return connection.execute(query.limit(limit)).all()


def find_unsure_days(connection: Connection, entry_pks: Collection[int]) -> Mapping[int, Sequence[UnsureDay]]:
    wanted = listed(connection, entry_pks)
    is_live = matches.c.live & (matches.c.entry_pk == wanted.c.value)
    rows, match = looked_up(connection, wanted, matches, is_live, matches.c.entry_pk, matches.c.notice_pk)
    is_unsure = (notices.c.planned_either.is_not(None)) | (notices.c.restriction_either.is_not(None))
    same = (notices.c.pk == match.notice_pk) & is_unsure
    rows, notice = looked_up(connection, rows, notices, same, notices.c.feed_id, *_READINGS)
    query = select(match.entry_pk, notice.feed_id, *(notice[column.name] for column in _READINGS)).select_from(rows)
    found: dict[int, list[UnsureDay]] = defaultdict(list)
    for row in connection.execute(query.order_by(match.notice_pk)):
        provider = row.feed_id.partition(":")[2]
        if row.restriction_either:
            days = (row.restriction_either, row.restriction_or)
            found[row.entry_pk].append(UnsureDay(provider, "the restriction", *days))
        if row.planned_either:
            found[row.entry_pk].append(UnsureDay(provider, "the switch", row.planned_either, row.planned_or))
    return found


def _rival(row: Any) -> Rival | None:
    if row.rival_status is None:
        return None
    return Rival(NoticeStatus(row.rival_status), row.rival_planned_on, row.rival_restriction_on)


def _parts(line: Line, facts: Sequence[AreaFacts]) -> list[Line]:
    # The notices on an area share one match. Each of their parts is a line of its own.
    return [_part(line, one) for one in facts] if facts else [line]


def _part(line: Line, facts: AreaFacts) -> Line:
    # Of completed notices the latest move counts: a test call covers the line only if it is later than all moves.
    moved = facts.part is AreaPart.COMPLETED
    planned = facts.planned[-1 if moved else 0] if facts.planned else None
    return replace(
        line,
        status=facts.status,
        migration_kind=facts.migration_kind,
        target_service=facts.target_service,
        planned_on=planned,
        restriction_on=facts.restricted[0] if facts.restricted else None,
        issued_at=facts.issued_at,
        announced=facts.announced,
        unsure_from=line.unsure_from if facts.part is AreaPart.PENDING else None,
        days=AreaDays(facts.part, facts.planned, facts.restricted, facts.undated),
    )


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
        provider=row.feed_id.partition(":")[2],  # the RCPID in `provider:RAVN`
        revision=row.revision,
        announced=row.announced,
        rival=_rival(row),
        unsure_from=min(filter(None, (row.planned_either, row.restriction_either)), default=None),
    )
