"""Months, codes and what stands in a cell, in plain English. Pure."""

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
    """What stands in a cell: a number, or the word for why there is none."""

    text: str
    number: int | None = None


def value(shown: Shown, count: int | None) -> Value:
    """A count of a figure."""
    if not shown.counted:
        return Value(NOT_KNOWN)
    return Value(WITHHELD) if count is None else Value(f"{count:,}", count)


def wait_values(shown: Shown, dimension: Dimension, key: str) -> tuple[Value, Value]:
    """The median and the 90th percentile of a wait, in days."""
    wait = shown.waits.get((dimension, key))
    if wait is None:
        return Value(TOO_FEW), Value(TOO_FEW)
    return Value(f"{wait.median:,}", wait.median), Value(f"{wait.p90:,}", wait.p90)


def words(code: str) -> str:
    """A kind's code as words: `telecare company`."""
    return code.replace("_", " ")


def long_name(month: Month) -> str:
    """`November 2026`."""
    return f"{london_day(month.begins):%B %Y}"


def short_name(month: Month) -> str:
    """`Nov 26`, for plots."""
    return f"{london_day(month.begins):%b %y}"


def named(month: MonthShown) -> str:
    """A month in words, with whether it is over."""
    return long_name(month.month) + ("" if month.complete else " (to date)")


def period(months: Sequence[MonthShown]) -> str:
    """From the first month to the last, in words."""
    first, last = months[0], months[-1]
    return named(last) if first is last else f"{long_name(first.month)} to {named(last)}"
