"""All functions are pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from services.core.clock import london_day, london_midnight
from services.core.errors import RefusedError

_FORM = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
# The largest number of months in one period, which bounds the size of a report.
MOST = 120


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def begins(self) -> datetime:
        return london_midnight(date(self.year, self.month, 1))

    @property
    def ends(self) -> datetime:
        # Exclusive, so that no moment falls between two months.
        return self.following.begins

    @property
    def following(self) -> Month:
        # December is 12, so it carries into the next year.
        return Month(self.year + self.month // 12, self.month % 12 + 1)


def month_of(moment: datetime) -> Month:
    # In summer, midnight in London is 23:00 UTC of the day before.
    day = london_day(moment)
    return Month(day.year, day.month)


def read_month(text: str) -> Month:
    """Raises RefusedError if the text does not look like `2026-11`."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise RefusedError("a month is written as year and month, such as 2026-11")
    return Month(int(found[1]), int(found[2]))


def months_from(first: Month) -> Iterator[Month]:
    month = first
    while True:
        yield month
        month = month.following


def read_period(text: str) -> tuple[Month, ...]:
    """Raises RefusedError if the text is not a period of 1 to MOST months."""
    # The text looks like `2026-11` or `2026-01..2026-11`.
    first, dots, last = text.partition("..")
    begins, ends = read_month(first), read_month(last if dots else first)
    count = (ends.year - begins.year) * 12 + ends.month - begins.month + 1
    if not 1 <= count <= MOST:
        raise RefusedError(f"a period is 1 to {MOST} months, the first before the last, such as 2026-01..2026-11")
    return tuple(islice(months_from(begins), count))
