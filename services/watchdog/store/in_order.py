from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, and_, or_, type_coerce

from services.core.clock import to_micros
from services.storage.tables import cases
from services.watchdog import bounds, states
from services.watchdog.bounds import GRACE, LATE, LONGEST_PAUSE, LONGEST_WAIT
from services.watchdog.calendar import midnight
from services.watchdog.cutoffs import Cutoffs

_CASE: Final = cases.c
_GRACE: Final = GRACE // timedelta(microseconds=1)
_IS_ENDED: Final = _CASE.state.in_(sorted(states.ENDED))
_IS_SILENT: Final = _CASE.state.in_(sorted(states.SILENT))
_IS_URGENT: Final = _CASE.state.in_(sorted(states.URGENT))
_IS_POSSIBLE: Final = _CASE.level == "possible"
_IS_SURER: Final = _CASE.level != "possible"


@dataclass(frozen=True, slots=True)
class AcceptedColumns:
    # Times are numbers.
    current: ColumnElement[int | None]
    ever: ColumnElement[int | None]
    in_doubt: ColumnElement[int | None]


def surely_in_order(accepted: AcceptedColumns, cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Return a condition that only cases without a fault meet.

    Many cases without a fault fail the condition too. So the rules must check every case that fails the condition.
    """
    return and_(
        _is_due_in_time(cutoffs),
        or_(_CASE.paused_until.is_(None), _CASE.paused_until <= cutoffs.now + LONGEST_PAUSE),
        or_(_CASE.state != "hold_confirmed", _CASE.hold_until.is_not(None)),
        or_(_CASE.last_alert_at.is_(None), _IS_SILENT, accepted.ever >= _micros(_CASE.last_alert_at) - _GRACE),
        or_(_sleeps(cutoffs), _CASE.paused_until > cutoffs.now, _is_far_ahead(cutoffs), _was_told(accepted, cutoffs)),
    )


def _is_due_in_time(cutoffs: Cutoffs) -> ColumnElement[bool]:
    due, now = _CASE.due_at, cutoffs.now
    return and_(
        or_(due >= now - LATE - GRACE, and_(due.is_(None), _IS_ENDED)),
        or_(due <= now + LONGEST_WAIT, _IS_ENDED),
    )


def _sleeps(cutoffs: Cutoffs) -> ColumnElement[bool]:
    # No day has come that could wake a silent case.
    return and_(
        _IS_SILENT,
        or_(_CASE.review_on.is_(None), _CASE.review_on > cutoffs.today),
        or_(_CASE.hold_until.is_(None), _CASE.hold_until >= cutoffs.today),
        or_(_CASE.restriction_on.is_(None), _CASE.restriction_on > cutoffs.today),
        or_(_CASE.planned_on.is_(None), _CASE.planned_on >= cutoffs.today, _CASE.state != "confirmed_safe"),
        _CASE.changes_wait_since.is_(None),
    )


def _is_far_ahead(cutoffs: Cutoffs) -> ColumnElement[bool]:
    # Nobody need be told yet.
    far, far_if_possible = (
        cutoffs.next_day + timedelta(days=days) for days in (bounds.FIRST_DAYS, bounds.FIRST_DAYS_IF_POSSIBLE)
    )
    at_all = _CASE.state.not_in(sorted(states.MOVED | states.URGENT))
    return and_(at_all, or_(_CASE.harm_on >= far, and_(_IS_POSSIBLE, _CASE.harm_on >= far_if_possible)))


def _was_told(accepted: AcceptedColumns, cutoffs: Cutoffs) -> ColumnElement[bool]:
    soon, urgent, ordinary = cutoffs.soon, cutoffs.urgent, cutoffs.ordinary
    harm, is_later = _CASE.harm_on, _CASE.harm_on > cutoffs.in_days(bounds.SOON_DAYS)
    no_stage = or_(harm.is_(None), is_later, _IS_POSSIBLE, _CASE.state == "migrated")
    return and_(
        _CASE.state.not_in(sorted(states.SILENT)),
        accepted.current >= _micros(_CASE.opened_at),
        or_(_CASE.paused_until.is_(None), accepted.current >= _micros(_CASE.paused_until)),
        or_(
            _told_from(accepted, soon),
            # After a message since the harmful day, the days before it count no more.
            and_(_told_from(accepted, urgent), or_(harm.is_(None), harm <= urgent, is_later)),
            and_(_told_from(accepted, ordinary), no_stage, ~_IS_URGENT),
        ),
    )


def _told_from(accepted: AcceptedColumns, day: date) -> ColumnElement[bool]:
    # A message before the first day on which anybody need be told is none of this danger.
    latest, latest_if_possible = (
        day + timedelta(days=days) for days in (bounds.FIRST_DAYS, bounds.FIRST_DAYS_IF_POSSIBLE)
    )
    harm = _CASE.harm_on
    began = or_(harm.is_(None), harm <= latest_if_possible, and_(_IS_SURER, harm <= latest))
    return and_(accepted.current >= to_micros(midnight(day)), began)


def _micros(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)
