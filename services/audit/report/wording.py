"""Writes months, codes and table cells in plain English. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.audit.figures.counting import Dimension
from services.audit.figures.months import Month
from services.audit.figures.publishing import MonthShown, Shown
from services.core.clock import london_day

WITHHELD, NOT_KNOWN, TOO_FEW = "withheld", "not known", "too few"


@dataclass(frozen=True, slots=True)
class Value:
    """The content of a table cell: a number, or the word that explains why there is no number."""

    text: str
    number: int | None = None


def value(shown: Shown, count: int | None) -> Value:
    if not shown.counted:
        # A count that is not known is shown as "not known", never as zero or withheld.
        return Value(NOT_KNOWN)
    return Value(WITHHELD) if count is None else Value(f"{count:,}", count)


def wait_values(shown: Shown, dimension: Dimension, key: str) -> tuple[Value, Value]:
    wait = shown.waits.get((dimension, key))
    if wait is None:
        return Value(TOO_FEW), Value(TOO_FEW)
    return Value(f"{wait.median:,}", wait.median), Value(f"{wait.p90:,}", wait.p90)


def words(code: str) -> str:
    return code.replace("_", " ")


def long_name(month: Month) -> str:
    return f"{london_day(month.begins):%B %Y}"


def short_name(month: Month) -> str:
    return f"{london_day(month.begins):%b %y}"


def month_name(month: MonthShown) -> str:
    return long_name(month.month) + ("" if month.complete else " (to date)")


def period(months: Sequence[MonthShown]) -> str:
    first, last = months[0], months[-1]
    return month_name(last) if first is last else f"{long_name(first.month)} to {month_name(last)}"
