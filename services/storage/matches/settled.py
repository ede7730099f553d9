"""Finds matches that wait because another match settles whose line a notice is about.

A match settles its notice and its entry if number and place agree, or if a person has confirmed the match. A weaker
match of this notice or this entry then waits: the weaker match stays on record, but nobody is asked about the weaker
match. The weaker match counts again if the settling match is rejected or ends.

The database stores only which matches settle. Each query finds the waiting matches anew.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, or_
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from schemas.codes import MatchDecision, MatchLevel, MatchReason, NoticeStatus
from services.core.clock import NO_DAY
from services.storage.matches.harmful_day import harmful_day_of
from services.storage.tables import matches, notices

Columns = ReadOnlyColumnCollection[str, Any]

_other = matches.alias("other_match")
_cause = notices.alias("other_notice")


class WaitConditions(NamedTuple):
    # The entry has its line, and this notice does no harm earlier.
    by_entry: ColumnElement[bool]
    # The line is another entry's.
    by_notice: ColumnElement[bool]

    @property
    def waits(self) -> ColumnElement[bool]:
        return or_(self.by_entry, self.by_notice)


def waiting(connection: Connection, match: Columns, notice: Columns) -> WaitConditions:
    """Return the conditions under which a match waits.

    `match` has the columns of `matches`, and `notice` has the columns of `notices`.
    """
    # A notice on an area is about no line in particular, so no line can settle it.
    weaker = and_(
        match.level != MatchLevel.CONFIRMED.value,
        match.decision == MatchDecision.UNDECIDED.value,
        notice.area_facts.is_(None),
    )
    return WaitConditions(
        and_(weaker, _has_line(connection, match, notice)),
        and_(weaker, _contradicts(match), _is_line_of_another(match)),
    )


def to_check(connection: Connection, match: Columns, notice: Columns) -> ColumnElement[bool]:
    """Return the condition that a person must still check the match."""
    doubtful = or_(
        match.level == MatchLevel.POSSIBLE.value,
        match.reasons.contains(MatchReason.ADDRESSES_DIFFER.value),
        # It counts, because its harm is earlier than that of the line that the entry is known to have.
        and_(match.level == MatchLevel.PROBABLE.value, _settles_entry(match)),
    )
    # Of a notice on an area there is nothing to compare.
    undecided = and_(match.decision == MatchDecision.UNDECIDED.value, notice.area_facts.is_(None))
    return and_(match.live, undecided, doubtful, ~waiting(connection, match, notice).waits)


def settles(match: Columns) -> ColumnElement[bool]:
    by_person = match.decision == MatchDecision.CONFIRMED.value
    return and_(match.live, or_(by_person, and_(match.settles, match.decision != MatchDecision.REJECTED.value)))


def _has_line(connection: Connection, match: Columns, notice: Columns) -> ColumnElement[bool]:
    harm, known = harmful_day_of(connection, notice), harmful_day_of(connection, _cause.c)
    # Without a day the harm may come at any time.
    not_earlier = and_(known <= harm, or_(harm != NO_DAY, known == NO_DAY))
    still_comes = _cause.c.status != NoticeStatus.WITHDRAWN.value
    return (
        exists()
        .where(_cause.c.pk == _other.c.notice_pk, _other.c.entry_pk == match.entry_pk)
        .where(_other.c.notice_pk != match.notice_pk, settles(_other.c), still_comes, not_earlier)
    )


def _settles_entry(match: Columns) -> ColumnElement[bool]:
    return exists().where(_other.c.entry_pk == match.entry_pk, _other.c.notice_pk != match.notice_pk, settles(_other.c))


def _is_line_of_another(match: Columns) -> ColumnElement[bool]:
    return exists().where(_other.c.notice_pk == match.notice_pk, _other.c.entry_pk != match.entry_pk, settles(_other.c))


def _contradicts(match: Columns) -> ColumnElement[bool]:
    # Two people of one home may both be on the register, one of them without a number.
    return or_(match.level == MatchLevel.POSSIBLE.value, match.reasons.contains(MatchReason.NUMBERS_DIFFER.value))
