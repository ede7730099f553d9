"""Months, as figures are counted: by the calendar in London. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from services.core.clock import london_day, london_midnight
from services.core.errors import RefusedError

_FORM = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
MOST = 120
"""The most months of one period."""


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


def months_from(first: Month) -> Iterator[Month]:
    """The months from the first on, without an end."""
    month = first
    while True:
        yield month
        month = month.following


def read_period(text: str) -> tuple[Month, ...]:
    """The months of `2026-11`, or of `2026-01..2026-11`, both counted in.

    Raises RefusedError for another form, for none, or for too many.
    """
    first, dots, last = text.partition("..")
    begins, ends = read_month(first), read_month(last if dots else first)
    count = (ends.year - begins.year) * 12 + ends.month - begins.month + 1
    if not 1 <= count <= MOST:
        raise RefusedError(f"a period is 1 to {MOST} months, the first before the last, such as 2026-01..2026-11")
    return tuple(islice(months_from(begins), count))
