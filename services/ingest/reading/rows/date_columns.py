"""The functions use no database, file or clock, but some change their arguments."""
# If no date of a column shows the order, the other columns decide.

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from services.core.clock import london_day
from services.core.days.plausible_days import is_plausible
from services.ingest.files.dates import DateOrder, contradicts_weekday, days_of_contradiction, read_date, read_moment
from services.ingest.files.table import DateSystem
from services.ingest.reading.drafts import TwoReadings
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.rows import date_issues as issues

# The days that decide when residents are at risk.
OF_THE_MOVE: Final = frozenset(["planned_migration_date", "restriction_start_date"])
_OF_A_NOTICE: Final = OF_THE_MOVE | {"migrated_on"}
DATES: Final = OF_THE_MOVE | {"migrated_on", "service_started_on", "service_ended_on", "share_basis_expires_on"}
MOMENTS: Final = frozenset(["issued_at", "updated_at", "last_successful_test_at", "last_confirmed_at"])

# An agreement without a last day has no end. So an odd day is kept: it ends the agreement, which is safer.
_KEPT_IF_ODD: Final = "share_basis_expires_on"
# No home had a telecare alarm earlier. Systems write 1900 or 1970 for an empty date.
_FIRST_ALARMS: Final = date(1971, 1, 1)
_NUMBER = re.compile(r"(?P<digits>\d{5,8})(?:\.\d{1,17})?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
# Three numbers with the year last, perhaps after a weekday, in a text with single blanks.
_ENDS_WITH_YEAR = re.compile(r"\D*(\d{1,2}) ?[-/. ] ?(\d{1,2}) ?[-/. ] ?\d{2}")
# Cells whose readings are remembered for each column. Most columns repeat their days.
_REMEMBERED: Final = 20_000
_MONTHS: Final = 12

Day = date | datetime


class _Cell(NamedTuple):
    # None for an order in which the text is no date.
    day_first: Day | None
    month_first: Day | None

    @property
    def only_order(self) -> DateOrder | None:
        """Return the only order in which the text is a date. Return None if both orders fit, or neither."""
        if (self.day_first is None) == (self.month_first is None):
            return None
        return DateOrder.MONTH_FIRST if self.day_first is None else DateOrder.DAY_FIRST

    @property
    def value(self) -> Day | None:
        return self.day_first or self.month_first

    @property
    def in_both_orders(self) -> bool:
        return None not in self and self.day_first != self.month_first

    def read_in(self, order: DateOrder) -> Day | None:
        return self.day_first if order is DateOrder.DAY_FIRST else self.month_first


@dataclass
class _Evidence:
    day_first: bool = False
    month_first: bool = False
    written: int = 0
    # Numbers that are only the day number of a spreadsheet, such as 46359.
    day_numbers: int = 0
    # Numbers that are only a date without its separators, such as 311226.
    digit_dates: int = 0


class DateColumns:
    """Reads the dates of a file. Call `see` with every row before the first `read`."""

    def __init__(self, fields: Iterable[str], system: DateSystem, stated: DateOrder | None) -> None:
        self._evidence = {field: _Evidence() for field in fields if field in DATES | MOMENTS}
        self._cells: dict[str, dict[str, _Cell]] = {field: {} for field in self._evidence}
        self._system = system
        self._stated = stated

    @property
    def present(self) -> bool:
        return bool(self._evidence)

    def see(self, row: Mapping[str, Any]) -> None:
        for field, evidence in self._evidence.items():
            if text := row.get(field):
                self._weigh(evidence, text, self._cell(field, text))

    def read(self, field: str, text: str) -> tuple[Day | None, tuple[Issue, ...]]:
        """Return the date, and the issues of the date.

        None stands for an unclear date, or for a date too implausible to keep.
        """
        cell = self._cell(field, text)
        if _NUMBER.fullmatch(text) and not _is_compact(text, cell):
            value, found = self._number(field, text, cell)
        else:
            value, found = self._written(field, text, cell)
        if value is None or _is_believable(field, value):
            return value, found
        if field == _KEPT_IF_ODD:
            return value, (*found, issues.implausible(field, kept=True))
        return None, (*found, issues.implausible(field, kept=False))

    def readings(self, field: str, text: str) -> TwoReadings | None:
        """Return the two days that a date in doubt may mean. Return None if the date is not in doubt."""
        if contradicts_weekday(text):
            return _two(field, days_of_contradiction(text, self._order(field)))
        cell = self._cell(field, text)
        if not cell.in_both_orders or self._order(field) is not None:
            return None
        return TwoReadings(field, *sorted(map(_day_of, cell)))

    def readings_of_all(self, field: str, texts: Iterable[str]) -> TwoReadings | None:
        """Return the earliest and the latest plausible day that the texts may mean.

        Return None if the texts do not give two different days.
        """
        days: set[date] = set()
        for text in texts:
            two = self.readings(field, text)
            day, _ = self.read(field, text)
            days |= {two.either, two.other} if two else {_day_of(day)} if day else set()
        return _two(field, days)

    def _weigh(self, evidence: _Evidence, text: str, cell: _Cell) -> None:
        if _NUMBER.fullmatch(text) and not _is_compact(text, cell):
            digits = _is_digit_date(text)
            evidence.day_numbers += cell.value is not None and not digits
            evidence.digit_dates += cell.value is None and digits
            return
        evidence.day_first |= cell.only_order is DateOrder.DAY_FIRST
        evidence.month_first |= cell.only_order is DateOrder.MONTH_FIRST
        # A date cell of a workbook arrives in ISO form. It is a day number itself, so it says nothing against others.
        is_date_cell = self._system is not DateSystem.TEXT and _ISO.match(text)
        evidence.written += cell.value is not None and not is_date_cell

    def _number(self, field: str, text: str, cell: _Cell) -> tuple[Day | None, tuple[Issue, ...]]:
        evidence = self._evidence[field]
        others = evidence.written + evidence.digit_dates
        doubtful = (
            # The number may have been pasted from a workbook that counts from 1900. It would then be wrong by four
            # years.
            self._system is DateSystem.SINCE_1904
            # One cell typed by hand casts no doubt on a column of day numbers.
            or (others and others >= evidence.day_numbers)
            # As day numbers such digits lie before 2014 or after 2036, where no move is planned.
            or (_is_digit_date(text) and (field in OF_THE_MOVE or not evidence.day_numbers))
        )
        if doubtful or cell.value is None:
            return None, (issues.date_as_number(field),)
        return cell.value, ()

    def _written(self, field: str, text: str, cell: _Cell) -> tuple[Day | None, tuple[Issue, ...]]:
        if cell.value is None:
            issue = issues.weekday_contradicts if contradicts_weekday(text) else issues.not_a_date
            return None, (issue(field),)
        if cell.in_both_orders:
            order = self._order(field)
            if order is None:
                return None, (issues.order_in_doubt(field, *map(_day_of, cell)),)
            return cell.read_in(order), ()
        return cell.value, self._against_the_order(field, cell)

    def _order(self, field: str) -> DateOrder | None:
        # None if the column has a date with the month first. If the column shows no order, another column with such a
        # date is enough.
        if self._stated:
            return self._stated
        evidence = self._evidence[field]
        if evidence.month_first:
            return None
        others = any(one.month_first for one in self._evidence.values())
        return None if others and not evidence.day_first else DateOrder.DAY_FIRST

    def _against_the_order(self, field: str, cell: _Cell) -> tuple[Issue, ...]:
        only = cell.only_order
        expected = self._stated or DateOrder.DAY_FIRST
        # In a column that proves both orders, neither is the expected one.
        mixed = self._stated is None and self._evidence[field].month_first
        if only is None or (only is expected and not mixed):
            return ()
        return (issues.month_first(field) if only is DateOrder.MONTH_FIRST else issues.day_first(field),)

    def _cell(self, field: str, text: str) -> _Cell:
        known = self._cells[field]
        cell = known.get(text)
        if cell is None:
            cell = _readings(field, text)
            if len(known) < _REMEMBERED:
                known[text] = cell
        return cell


def _two(field: str, days: Iterable[date]) -> TwoReadings | None:
    # A day that nobody can have meant is no reading.
    believed = sorted(day for day in set(days) if _is_believable(field, day))
    return TwoReadings(field, believed[0], believed[-1]) if len(believed) > 1 else None


def _readings(field: str, text: str) -> _Cell:
    read = read_moment if field in MOMENTS else read_date
    numbers = _ENDS_WITH_YEAR.match(" ".join(text.split()))
    # Only a text of three numbers with the year last can mean two days. Both other numbers must be possible months. All
    # other texts are read once.
    if numbers is None:
        only = read(text, DateOrder.DAY_FIRST)
        return _Cell(only, only)
    first, second = (int(number) <= _MONTHS for number in numbers.groups())
    return _Cell(
        read(text, DateOrder.DAY_FIRST) if second else None, read(text, DateOrder.MONTH_FIRST) if first else None
    )


def _is_compact(text: str, cell: _Cell) -> bool:
    # 20261203, year first.
    return len(text) == len("20261203") and cell.value is not None


def _is_digit_date(text: str) -> bool:
    # 31226 or 031226 for 3/12/26, 3122026 for 3/12/2026.
    digits, _, part = text.partition(".")
    if part.strip("0"):
        return False
    padded = digits.zfill(len("031226") if len(digits) <= len("031226") else len("03122026"))
    written = f"{padded[:2]}/{padded[2:4]}/{padded[4:]}"
    return any(read_date(written, order) is not None for order in DateOrder)


def _day_of(value: Day | None) -> date:
    assert value is not None  # noqa: S101 - narrows: a cell in both orders has two days
    return london_day(value) if isinstance(value, datetime) else value


def _is_believable(field: str, value: Day) -> bool:
    day = _day_of(value)
    return is_plausible(day) if field in _OF_A_NOTICE else day >= _FIRST_ALARMS
