from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.files.dates import read_date, read_moment

THIRD = date(2026, 12, 3)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-03",
        "2026/12/03",
        "20261203",
        "03/12/2026",
        "3/12/2026",
        "03/12/26",
        "03-12-26",
        "3.12.2026",
        "03 12 2026",
        "3 Dec 2026",
        "3 december 2026",
        "03-Dec-26",
        "3Dec2026",
        "3rd December 2026",
        "3rd of December 2026",
        "Thursday 3 December 2026",
        "Thu, 3 Dec 2026",
        "December 3, 2026",
        "Dec 3rd 2026",
        " 3  Dec  2026 ",
        "46359",
        "46359.5",
        "2026-12-03T00:00:00",
        "2026-12-03 09:30:00",
        "03/12/2026 09:30",
        "03/12/2026 9:30 pm",
    ],
)
def test_a_date_is_read_in_every_style_used_in_the_uk(text: str) -> None:
    assert read_date(text) == THIRD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12/25/2026",
        "31/02/2026",
        "00/00/0000",
        "2026-13-01",
        "3 Dec",
        "Dec 2026",
        "3 Dez 2026",
        "tomorrow",
        "TBC",
        "2026",
        "99999",
        "01632 960123",
        "1632960123",
        "441633",
        "03/12/1026",
        "3/12/226",
    ],
)
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert read_date(text) is None


def test_two_digits_of_a_year_are_of_this_century_below_seventy() -> None:
    assert read_date("01/04/69") == date(2069, 4, 1)
    assert read_date("01/04/98") == date(1998, 4, 1)


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_the_day_comes_first_whatever_the_date(day: date) -> None:
    assert read_date(f"{day.day}/{day.month}/{day.year}") == day
    assert read_date(f"{day:%d-%b-%Y}") == day
    assert read_date(day.isoformat()) == day
    assert read_date(str((day - date(1899, 12, 30)).days)) == day


@given(st.text(max_size=30))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_date(text)
    read_moment(text)


def test_an_offset_gives_the_date_in_the_uk() -> None:
    assert read_date("2026-07-01T23:30:00Z") == date(2026, 7, 2)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-03T09:30:00Z", datetime(2026, 12, 3, 9, 30, tzinfo=UTC)),
        ("2026-12-03T09:30:00+02:00", datetime(2026, 12, 3, 7, 30, tzinfo=UTC)),
        ("2026-12-03T09:30", datetime(2026, 12, 3, 9, 30, tzinfo=UTC)),
        ("2026-07-01 09:30:15", datetime(2026, 7, 1, 8, 30, 15, tzinfo=UTC)),
        ("01/07/2026 09:30", datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
        ("1 Jul 2026 1:30 pm", datetime(2026, 7, 1, 12, 30, tzinfo=UTC)),
        ("1 Jul 2026 12:15am", datetime(2026, 6, 30, 23, 15, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 23, 0, tzinfo=UTC)),
        ("03/12/2026", datetime(2026, 12, 3, tzinfo=UTC)),
        ("46359", datetime(2026, 12, 3, tzinfo=UTC)),
        ("46359.5", datetime(2026, 12, 3, 12, 0, tzinfo=UTC)),
        ("2026-10-25T01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_uk_time_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    read = read_moment(text)
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "09:30", "03/12/2026 25:00", "03/12/2026 13:30 pm", "soon", "12/25/2026 09:30"])
def test_what_is_no_moment_is_not_guessed(text: str) -> None:
    assert read_moment(text) is None
