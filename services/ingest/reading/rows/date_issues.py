"""All functions are pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from schemas.codes import NoticeStatus
from schemas.notice import MigrationNotice
from services.core.clock import london_day
from services.ingest.reading.outcomes import KEPT_WITHOUT, Issue

# A planned date further back than this, at receipt, is seldom meant. Our own choice.
_LONG_PAST: Final = timedelta(days=28)
_TO_COME: Final = frozenset([NoticeStatus.PLANNED, NoticeStatus.RESCHEDULED, NoticeStatus.PAUSED])

_WITHOUT: Final = KEPT_WITHOUT
_WHOLE_DATE: Final = (
    "Write a whole date, such as 3 December 2026 or 2026-12-03, or leave the cell empty until it is known."
)
_STATE_THE_ORDER: Final = (
    "Send the file again with the order of its dates: `dates=day-first` or `dates=month-first` "
    "(`--dates` on the command line). Or write the month as a word."
)


def order_in_doubt(field: str, *days: date) -> Issue:
    first, last = sorted(days)
    readings = f"{first.day} {first:%B} or {last.day} {last:%B %Y}"
    reason = f"The date may be {readings}, because this file holds dates with the month first. {_WITHOUT}"
    return Issue(field, "date_order_in_doubt", reason, _STATE_THE_ORDER)


def month_first(field: str) -> Issue:
    reason = "The date was read with the month first, because it is no date with the day first."
    return Issue(field, "month_first", reason, _STATE_THE_ORDER)


def day_first(field: str) -> Issue:
    reason = "The date was read with the day first, because it is no date with the month first."
    return Issue(field, "day_first", reason, _STATE_THE_ORDER)


def date_as_number(field: str) -> Issue:
    reason = f"The cell holds bare digits, and which day they mean is uncertain. {_WITHOUT}"
    return Issue(field, "date_as_number", reason, "Write it as 2026-12-03, or format the cell as a date.")


def weekday_contradicts(field: str) -> Issue:
    reason = f"The date does not fall on the weekday beside it. {_WITHOUT}"
    return Issue(field, "weekday_contradicts", reason, "Check both, and send the row again with the right date.")


def not_a_date(field: str) -> Issue:
    return Issue(field, "not_a_date", f"This is not a date that can be read. {_WITHOUT}", _WHOLE_DATE)


def implausible(field: str, *, kept: bool) -> Issue:
    outcome = "" if kept else f" {_WITHOUT}"
    reason = f"The date lies too far back or ahead to be meant.{outcome}"
    return Issue(field, "implausible_date", reason, "Check the year, or leave the cell empty if there is no date.")


def long_past(notice: MigrationNotice, now: datetime) -> tuple[Issue, ...]:
    planned = notice.planned_migration_date
    if planned is None or notice.status not in _TO_COME or planned >= london_day(now) - _LONG_PAST:
        return ()
    reason = "The planned date is more than four weeks before the day of receipt."
    remedy = "Check the year. If the line has moved, send the status completed; if it will not move, withdrawn."
    return (Issue("planned_migration_date", "date_long_past", reason, remedy),)
