from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.audit.figures.months import MOST, Month, month_of, read_month, read_period
from services.core.errors import RefusedError


@pytest.mark.parametrize(
    ("month", "begins", "ends"),
    [
        (Month(2026, 11), datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        (Month(2026, 12), datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (Month(2027, 3), datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 3, 31, 23, tzinfo=UTC)),
        (Month(2027, 6), datetime(2027, 5, 31, 23, tzinfo=UTC), datetime(2027, 6, 30, 23, tzinfo=UTC)),
        (Month(2027, 10), datetime(2027, 9, 30, 23, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_month_begins_and_ends_at_midnight_in_london(month: Month, begins: datetime, ends: datetime) -> None:
    assert (month.begins, month.ends) == (begins, ends)
    assert month_of(begins) == month
    assert month_of(ends) == month.following


def test_a_month_is_written_as_it_is_read() -> None:
    assert str(read_month("2026-11")) == "2026-11"
    assert read_month(" 2026-11 ") == Month(2026, 11)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2026-1", "1999-11", "11-2026", "2026-11-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="2026-11"):
        read_month(text)


def test_a_period_is_one_month_or_all_from_the_first_to_the_last() -> None:
    assert read_period("2026-11") == (Month(2026, 11),)
    assert read_period("2026-11..2027-02") == (Month(2026, 11), Month(2026, 12), Month(2027, 1), Month(2027, 2))
    assert len(read_period("2026-01..2035-12")) == MOST


@pytest.mark.parametrize("text", ["2026-11..2026-10", "2026-01..2036-01"])
def test_a_period_without_months_or_with_too_many_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="1 to 120 months"):
        read_period(text)


@pytest.mark.parametrize("text", ["2026-11..", "..2026-11", "2026-11...2026-12"])
def test_a_period_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        read_period(text)
