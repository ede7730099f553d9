"""All functions are pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.audit.figures.counting import Dimension
from services.audit.figures.figures import BAND_NAMES, SMALLEST_WAITS
from services.audit.figures.months import Month
from services.audit.figures.publishing import MonthShown, Shown
from services.audit.figures.quantiles import NO_WAIT
from services.core.clock import london_day

WITHHELD, NOT_KNOWN, TOO_FEW, NO_WAIT_ENDED = "withheld", "not known", "too few", "none"


@dataclass(frozen=True, slots=True)
class Value:
    text: str
    number: int | None = None
    # The denominator as text, such as `of 52`, or empty.
    of: str = ""


def value(shown: Shown, count: int | None, out_of: int | None = None) -> Value:
    if not shown.counted:
        # A count that is not known is shown as "not known", never as zero or withheld.
        return Value(NOT_KNOWN)
    of = "" if out_of is None else f"of {out_of:,}"
    return Value(WITHHELD, of=of) if count is None else Value(f"{count:,}", count, of)


def wait_values(shown: Shown, dimension: Dimension, key: str) -> tuple[Value, Value]:
    count = shown.tables.get(dimension, {}).get(key, 0) if key else shown.total
    wait = shown.waits.get((dimension, key), NO_WAIT)
    return _band(wait.median, count), _band(wait.p90, count)


def _band(name: str | None, count: int | None) -> Value:
    if count is None:
        return Value(WITHHELD)
    if not count:
        return Value(NO_WAIT_ENDED)
    of = f"of {count:,}"
    if name is None:
        # With enough waits, only withheld bands can be the reason.
        return Value(TOO_FEW if count < SMALLEST_WAITS else WITHHELD, of=of)
    return Value(band_days(name), BAND_NAMES.index(name), of)


def band_days(name: str) -> str:
    # `3_to_7_days` becomes `3 to 7`: headings and axes already name the unit.
    return words(name).removesuffix(" days")


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
