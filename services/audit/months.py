"""Months, as figures are counted: by the calendar in London. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.core.clock import london_day, london_midnight
from services.core.errors import RefusedError

_FORM = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
MOST = 120
"""The most months that one request may ask for."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def begins(self) -> datetime:
        """Its first moment, UTC."""
        return london_midnight(date(self.year, self.month, 1))

    @property
    def ends(self) -> datetime:
        """The first moment after it, UTC."""
        return self.following.begins

    @property
    def last_day(self) -> date:
        """Its last day."""
        return date(self.following.year, self.following.month, 1) - timedelta(days=1)

    @property
    def following(self) -> Month:
        """The month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)


def month_of(moment: datetime) -> Month:
    """The month a moment is in."""
    day = london_day(moment)
    return Month(day.year, day.month)


def read_month(text: str) -> Month:
    """The month of `2026-11`.

    Raises RefusedError.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise RefusedError("a month is written as year and month, such as 2026-11")
    return Month(int(found[1]), int(found[2]))


def months_between(first: Month, last: Month) -> Iterator[Month]:
    """The months from the first to the last, both counted in.

    Raises RefusedError where there are none, or too many.
    """
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if not 1 <= count <= MOST:
        raise RefusedError(f"ask for 1 to {MOST} months, the first before the last")
    month = first
    for _ in range(count):
        yield month
        month = month.following
