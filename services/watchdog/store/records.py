"""Finds faults that can leave a line at risk without an open case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from services.core.tokens import TokenKind
from services.storage.tables import area_members, cases, entry_tokens, matches, notice_tokens, notices, register_entries
from services.watchdog import states
from services.watchdog.findings import FaultKind, RecordFault

# A record with this flag has nothing by which it can be matched. Its sender was told.
_UNMATCHABLE: Final = "cannot_be_matched"

_NOTICE, _ENTRY, _MATCH = notices.c, register_entries.c, matches.c

# The line is matched surely enough for an alert, and nothing on the record says that it is not at risk.
_ALERTABLE: Final = and_(
    _NOTICE.live,
    _NOTICE.status != "withdrawn",
    _ENTRY.live,
    _ENTRY.service_status != "ended",
    _MATCH.decision != "rejected",
    or_(_MATCH.level != "possible", _MATCH.decision == "confirmed"),
    or_(_ENTRY.connection.not_in(("sim", "ip")), _MATCH.level == "confirmed", _MATCH.decision == "confirmed"),
)


def _is_line_of_another() -> ColumnElement[bool]:
    # Number and place of the notice are those of another entry. Neither is taken from the match: the tokens show it.
    other = matches.alias("other_match")
    return exists().where(
        other.c.notice_pk == _MATCH.notice_pk,
        other.c.entry_pk != _MATCH.entry_pk,
        other.c.live,
        other.c.decision != "rejected",
        or_(
            other.c.decision == "confirmed",
            and_(*(_share(other.c, kinds) for kinds in ((TokenKind.TELEPHONE,), (TokenKind.UPRN, TokenKind.ADDRESS)))),
        ),
    )


def _weaker_than_another() -> ColumnElement[bool]:
    undecided = and_(_MATCH.level != "confirmed", _MATCH.decision == "undecided")
    return and_(undecided, _MATCH.reasons.contains("telephone_numbers_differ"), _is_line_of_another())


def _share(match: ReadOnlyColumnCollection[str, Any], kinds: Sequence[TokenKind]) -> ColumnElement[bool]:
    mine, theirs = notice_tokens.alias(), entry_tokens.alias()
    return exists().where(
        mine.c.notice_pk == match.notice_pk,
        theirs.c.entry_pk == match.entry_pk,
        theirs.c.token == mine.c.token,
        mine.c.kind.in_([int(kind) for kind in kinds]),
    )


def without_tokens(connection: Connection) -> Iterator[RecordFault]:
    owned = exists().where(entry_tokens.c.entry_pk == _ENTRY.pk)
    entries = (_ENTRY.live, ~owned, ~_ENTRY.flags.contains(_UNMATCHABLE))
    yield from _counted(connection, FaultKind.TOKENS_MISSING, _ENTRY.feed_id, *entries)
    # A notice on an area has its tokens at the record of the area.
    owned = exists().where(notice_tokens.c.notice_pk == _NOTICE.pk)
    shared = exists().where(area_members.c.notice_pk == _NOTICE.pk)
    of_notices = (_NOTICE.live, ~owned, ~shared, ~_NOTICE.flags.contains(_UNMATCHABLE))
    yield from _counted(connection, FaultKind.TOKENS_MISSING, _NOTICE.feed_id, *of_notices)


def without_shared_token(connection: Connection, before: datetime) -> Iterator[RecordFault]:
    """Yield a fault for each council with a match whose notice and entry share no token."""
    mine, theirs = notice_tokens.c, entry_tokens.c
    shared = exists().where(
        mine.notice_pk == _MATCH.notice_pk, theirs.entry_pk == _MATCH.entry_pk, theirs.token == mine.token
    )
    query = (
        select(_ENTRY.feed_id, func.count())
        .join_from(matches, notices, _NOTICE.pk == _MATCH.notice_pk)
        .join(register_entries, _ENTRY.pk == _MATCH.entry_pk)
        # The matching of later records may be unfinished.
        .where(_MATCH.live, _NOTICE.live, _ENTRY.live, *_settled(before), ~shared)
    )
    yield from _faults(connection, FaultKind.TOKENS_MISSING, query.group_by(_ENTRY.feed_id))


def without_match(connection: Connection, before: datetime) -> Iterator[RecordFault]:
    mine, theirs, number = notice_tokens.c, entry_tokens.c, int(TokenKind.TELEPHONE)
    known = exists().where(_MATCH.notice_pk == mine.notice_pk, _MATCH.entry_pk == theirs.entry_pk)
    query = (
        select(_ENTRY.feed_id, func.count())
        .join_from(notice_tokens, entry_tokens, and_(theirs.token == mine.token, theirs.kind == number))
        .join(notices, _NOTICE.pk == mine.notice_pk)
        .join(register_entries, _ENTRY.pk == theirs.entry_pk)
        .where(mine.kind == number, _NOTICE.live, _NOTICE.scope == "line", _ENTRY.live, *_settled(before), ~known)
    )
    yield from _faults(connection, FaultKind.MATCH_MISSING, query.group_by(_ENTRY.feed_id))


def without_case(connection: Connection, before: datetime) -> Iterator[RecordFault]:
    query = (
        select(_ENTRY.feed_id, func.count())
        .join_from(matches, notices, _NOTICE.pk == _MATCH.notice_pk)
        .join(register_entries, _ENTRY.pk == _MATCH.entry_pk)
        .where(_MATCH.live, _ALERTABLE, *_settled(before), _MATCH.found_at < before)
        .where(~exists().where(cases.c.entry_pk == _MATCH.entry_pk), ~_weaker_than_another())
    )
    yield from _faults(connection, FaultKind.CASE_MISSING, query.group_by(_ENTRY.feed_id))


def ended_at_risk(connection: Connection, before: datetime) -> Iterator[RecordFault]:
    """Yield a fault for each case that has ended although its line is still at risk."""
    row = cases.c
    query = (
        select(row.reference, row.feed_id, row.state, row.seen, row.tested_on, _MATCH.notice_pk)
        .join_from(cases, matches, _MATCH.entry_pk == row.entry_pk)
        .join(notices, _NOTICE.pk == _MATCH.notice_pk)
        .join(register_entries, _ENTRY.pk == _MATCH.entry_pk)
        # A later record, match or change of state may not have been reviewed yet.
        .where(row.state.in_(sorted(states.ENDED)), _MATCH.live, _ALERTABLE, *_settled(before))
        .where(_MATCH.found_at < before, row.state_since < before, ~_weaker_than_another())
        .order_by(row.pk)
    )
    named = set[str]()
    for one in connection.execute(query.execution_options(yield_per=1_000)):
        # A person's recorded act may explain the end.
        if one.reference not in named and not _is_explained(one):
            named.add(one.reference)
            yield RecordFault(FaultKind.ENDED_AT_RISK, one.feed_id, one.reference)


def _is_explained(case: Any) -> bool:
    # A test call after the move covers the lines of that time.
    if case.state in states.LOOKED_AT_AGAIN:
        return case.tested_on is not None
    # What people said of this line: the match is wrong, or the number has left the provider.
    said: Mapping[str, Any] = case.seen.get(str(case.notice_pk), {})
    return "rejected" in said or "ported" in said


def notices_ended_alone(connection: Connection) -> Iterator[RecordFault]:
    later, member, own = notices.alias("later"), area_members.c, notices.alias("own")
    replaced = exists().where(later.c.supersedes_key == _NOTICE.record_key)
    lone = (_NOTICE.live.is_(False), _NOTICE.area_facts.is_(None), ~replaced)
    yield from _counted(connection, FaultKind.NOTICE_ENDED, _NOTICE.feed_id, *lone)
    # The record of an area ends with the last live notice on this area that is not withdrawn.
    named = exists().where(
        member.area_key == _NOTICE.record_key, own.c.pk == member.notice_pk, own.c.live, own.c.status != "withdrawn"
    )
    of_areas = (_NOTICE.live.is_(False), _NOTICE.area_facts.is_not(None), named)
    yield from _counted(connection, FaultKind.NOTICE_ENDED, _NOTICE.feed_id, *of_areas)


def _settled(before: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _NOTICE.received_at < before, _ENTRY.received_at < before


def _counted(
    connection: Connection, kind: FaultKind, feed: ColumnElement[str], *conditions: ColumnElement[bool]
) -> Iterator[RecordFault]:
    yield from _faults(connection, kind, select(feed, func.count()).where(*conditions).group_by(feed))


def _faults(connection: Connection, kind: FaultKind, query: Any) -> Iterator[RecordFault]:
    yield from (
        RecordFault(kind, feed_id, count=count) for feed_id, count in connection.execute(query.order_by("feed_id"))
    )
