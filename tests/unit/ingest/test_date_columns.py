from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import MAC_EPOCH

from services.ingest.files.dates import DateOrder, read_date
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.sheets import read_sheet
from tests.unit.ingest.workbooks import workbook

JANUARY_25, DECEMBER_1, JANUARY_12 = date(2027, 1, 25), date(2027, 12, 1), date(2027, 1, 12)
DOUBT, MONTH, DAY, NUMBER = "date_order_in_doubt", "month_first", "day_first", "date_as_number"
WEEKDAY, NO_DATE, ODD = "weekday_contradicts", "not_a_date", "implausible_date"
PLANNED = "planned_migration_date"
# The days of the columns that are read, and the codes of their issues.
Read = list[tuple[Any, list[str]]]


def rows(data: bytes, kind: RecordKind = RecordKind.NOTICE, dates: DateOrder | None = None) -> list[RawRow]:
    return list(read_sheet(data, kind, FileLimits(), dates=dates).rows)


def as_csv(headings: Sequence[str], *lines: Sequence[str]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([headings, *lines])
    return stream.getvalue().encode()


def column(*texts: str, dates: DateOrder | None = None) -> Read:
    # The notices have these planned dates.
    lines = [(f"n{index}", text) for index, text in enumerate(texts)]
    return judged(as_csv(("Notice ID", "Migration date"), *lines), dates=dates)


def sheet(*values: Any, edit: Any = None) -> Read:
    # Each value is a planned date, as a text, a number or a date.
    lines = [(f"n{index}", value) for index, value in enumerate(values)]
    return judged(workbook(*lines, headings=("Notice ID", "Migration date"), edit=edit))


def judged(data: bytes, field: str = PLANNED, dates: DateOrder | None = None) -> Read:
    kind = RecordKind.NOTICE if field == PLANNED else RecordKind.ENTRY
    return [
        (row.fields.get(field), [one.code for one in row.issues if one.field == field])
        for row in rows(data, kind, dates)
    ]


def since_1904(book: Workbook) -> None:
    book.epoch = MAC_EPOCH


@pytest.mark.parametrize(
    ("proof", "ambiguous"),
    [
        ("01/25/2027", "01/12/2027"),
        ("1/25/27", "1/12/27"),
        ("01-25-2027", "01-12-2027"),
        ("1.25.2027", "01.12.2027"),
        ("01 25 2027", "01 12 2027"),
        ("01  / 25 /   2027", "01 /  12 /  2027"),
        ("01/25/2027 09:30", "01/12/2027 09:30"),
        ("1/25/2027, 9:30:00 AM", "1/12/2027, 9:30:00 AM"),
    ],
)
class TestAColumnThatHoldsTheMonthFirst:
    def test_the_proof_is_read_and_what_is_ambiguous_is_kept_without_a_date(self, proof: str, ambiguous: str) -> None:
        assert column(ambiguous, proof) == [(None, [DOUBT]), (JANUARY_25, [MONTH])]

    def test_the_order_that_the_sender_states_settles_it(self, proof: str, ambiguous: str) -> None:
        assert column(ambiguous, proof, dates=DateOrder.MONTH_FIRST) == [(JANUARY_12, []), (JANUARY_25, [])]
        assert column(ambiguous, proof, dates=DateOrder.DAY_FIRST) == [(DECEMBER_1, []), (JANUARY_25, [MONTH])]


def test_both_readings_are_shown_and_the_order_is_asked_for() -> None:
    doubtful, _ = rows(as_csv(("Notice ID", "Migration date"), ("n1", "01/12/2027"), ("n2", "01/25/2027")))
    (issue,) = doubtful.issues
    assert issue.field == PLANNED
    assert "12 January or 1 December 2027" in issue.reason
    assert "dates=month-first" in issue.remedy
    assert "--dates" in issue.remedy


def test_without_a_proof_the_day_comes_first() -> None:
    assert column("01/12/2027", "02/03/2027") == [(DECEMBER_1, []), (date(2027, 3, 2), [])]
    assert column("01/12/2027", "25/01/2027") == [(DECEMBER_1, []), (JANUARY_25, [])]


def test_a_column_with_both_proofs_reads_each_and_doubts_the_rest() -> None:
    assert column("25/01/2027", "01/25/2027", "01/12/2027") == [
        (JANUARY_25, [DAY]),
        (JANUARY_25, [MONTH]),
        (None, [DOUBT]),
    ]


def test_a_date_against_the_stated_order_is_read_as_its_only_reading() -> None:
    assert column("25/01/2027", "01/12/2027", dates=DateOrder.MONTH_FIRST) == [(JANUARY_25, [DAY]), (JANUARY_12, [])]


@pytest.mark.parametrize(
    "sure", ["2027-12-01", "1 December 2027", "01-Dec-27", "December 1, 2027", "20271201", "2027-12-01 10:30"]
)
def test_what_has_one_reading_is_never_doubtful(sure: str) -> None:
    assert column(sure, "01/25/2027") == [(DECEMBER_1, []), (JANUARY_25, [MONTH])]
    assert column("2027-01-25T10:30", "2027/1/25 10.30", "01/25/2027")[:2] == [(JANUARY_25, []), (JANUARY_25, [])]
    # The same day in both orders.
    assert column("05/05/2027", "01/25/2027")[0] == (date(2027, 5, 5), [])


def test_a_weekday_settles_the_order() -> None:
    # 1 December 2027 is a Wednesday, 12 January 2027 a Tuesday.
    assert column("Wed 01/12/2027", "Tuesday 01/12/2027", "01/25/2027") == [
        (DECEMBER_1, [DAY]),
        (JANUARY_12, [MONTH]),
        (JANUARY_25, [MONTH]),
    ]


def test_a_proof_in_one_column_makes_one_without_proof_doubtful_but_not_one_that_proves_the_day_first() -> None:
    headings = ("Notice ID", "Migration date", "Restriction date", "Issue date")
    read = rows(as_csv(headings, ("n1", "01/12/2027", "02/01/2027", "11/20/2026"), ("n2", "", "25/01/2027", "")))
    assert PLANNED not in read[0].fields
    assert read[0].fields["restriction_start_date"] == date(2027, 1, 2)
    assert read[0].fields["issued_at"] == datetime(2026, 11, 20, tzinfo=UTC)
    assert [(one.field, one.code) for one in read[0].issues] == [(PLANNED, DOUBT), ("issued_at", MONTH)]


def test_a_row_whose_values_may_be_shifted_proves_nothing() -> None:
    data = b"Notice ID,Migration date\nn1,01/12/2027\nn2,01/25/2027,more\n"
    assert rows(data)[0].fields[PLANNED] == DECEMBER_1


@pytest.mark.parametrize("field", ["service_started_on", "last_confirmed_at", "updated_at"])
def test_a_register_is_judged_alike(field: str) -> None:
    data = as_csv(("Client ref", field), ("1", "01/12/2025"), ("2", "01/25/2025 10:30"))
    (first, doubt), (second, warned) = judged(data, field)
    assert (first, doubt, warned) == (None, [DOUBT], [MONTH])
    assert second.isoformat().startswith("2025-01-25")


@given(st.lists(st.dates(date(2026, 1, 1), date(2029, 12, 31)), min_size=1, max_size=20), st.sampled_from("/-. "))
def test_no_date_of_a_month_first_file_is_ever_misread(days: list[date], separator: str) -> None:
    texts = [f"{day:%m}{separator}{day:%d}{separator}{day:%Y}" for day in days]
    proof = f"01{separator}31{separator}2027"
    for day, (read, codes) in zip(days, column(*texts, proof), strict=False):
        assert read in (day, None)
        assert codes or day.day == day.month
    assert [read for read, _ in column(*texts, proof, dates=DateOrder.MONTH_FIRST)][:-1] == days


NUMBERS = st.sampled_from(["1", "3", "03", "12", "13", "25", "31", "32"])
BEFORE, AFTER = st.sampled_from(["", "Mon ", "Tuesday, "]), st.sampled_from(["", " 10:30", " 10.30 pm", " (Fri)"])


@given(BEFORE, NUMBERS, st.sampled_from("/-. "), NUMBERS, st.sampled_from(["2027", "27"]), AFTER)
def test_with_the_order_stated_a_cell_is_read_in_it_and_in_the_other_only_where_that_fails(
    before: str, first: str, separator: str, second: str, year: str, after: str
) -> None:
    text = f"{before}{first}{separator}{second}{separator}{year}{after}"
    for order in DateOrder:
        in_it = read_date(text, order)
        ((day, codes),) = column(text, dates=order)
        assert day == (in_it or read_date(text, DateOrder.DAY_FIRST) or read_date(text, DateOrder.MONTH_FIRST))
        assert (codes == []) == (in_it is not None)


class TestNumbers:
    def test_a_column_of_day_numbers_is_read(self) -> None:
        assert column("46359", "46360.5") == [(date(2026, 12, 3), []), (date(2026, 12, 4), [])]
        assert column("46359", "46360", "181226", "46361")[2:] == [(None, [NUMBER]), (date(2026, 12, 5), [])]
        assert judged(as_csv(("Client ref", "Start date"), ("1", "41000"), ("2", "46359")), "service_started_on") == [
            (date(2012, 4, 1), []),
            (date(2026, 12, 3), []),
        ]

    @pytest.mark.parametrize("text", ["10226", "51226", "051226", "181226", "46359", "46359.0", "3122026", "03122026"])
    @pytest.mark.parametrize("other", ["03/12/2026", "2026-12-03", "3 Dec 2026"])
    def test_bare_digits_among_written_dates_are_no_day_number(self, text: str, other: str) -> None:
        assert column(text, other) == [(None, [NUMBER]), (date(2026, 12, 3), [])]

    def test_a_date_without_its_zero_makes_the_numbers_beside_it_doubtful(self) -> None:
        assert column("51226", "181226", "10227") == [(None, [NUMBER])] * 3
        assert column("51226") == [(None, [NUMBER])]

    def test_among_the_date_cells_of_a_workbook_a_day_number_is_read_and_a_date_without_its_zero_is_not(self) -> None:
        third: tuple[Any, list[str]] = (date(2026, 12, 3), [])
        assert sheet(date(2026, 12, 3), 46359, 51226) == [third, third, (None, [NUMBER])]
        assert sheet(date(2026, 12, 3), 10226) == [third, (None, [NUMBER])]

    @pytest.mark.parametrize("number", [44984, 44985, 43000, 44984.5])
    def test_a_bare_number_in_a_workbook_that_counts_from_1904_is_flagged(self, number: float) -> None:
        assert sheet(date(2027, 3, 1), number, edit=since_1904) == [(date(2027, 3, 1), []), (None, [NUMBER])]

    def test_digits_drawn_by_chance_are_never_a_day_of_another_year_than_those_beside_them(self) -> None:
        random = Random(12)
        for _ in range(200):
            day = date.fromordinal(random.randint(date(2026, 1, 1).toordinal(), date(2030, 12, 31).toordinal()))
            assert column(f"{day:%d%m%y}".lstrip("0"), "03/12/2026")[0] == (None, [NUMBER])


@pytest.mark.parametrize(
    "text",
    [
        "Monday 3 December 2026",
        "Mon, 3 Dec 2026",
        "Friday 03/12/2026",
        "03/12/2026 (Fri)",
        "Mon 2026-12-03",
        "Sat 3rd December 2026 09:30",
        "Tues. December 3, 2026",
    ],
)
def test_a_weekday_that_contradicts_the_date_costs_the_date(text: str) -> None:
    assert column(text, "25/01/2027") == [(None, [WEEKDAY]), (JANUARY_25, [])]
    assert judged(as_csv(("Client ref", "Last test"), ("1", text)), "last_successful_test_at") == [(None, [WEEKDAY])]


@given(st.dates(date(2026, 1, 1), date(2029, 12, 31)), st.integers(0, 6))
def test_a_weekday_counts_whatever_the_date(day: date, weekday: int) -> None:
    name = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[weekday]
    expected = (day, []) if weekday == day.weekday() else (None, [WEEKDAY])
    assert column(f"{name} {day.day} {day:%B %Y}") == [expected]


class TestDateCellsAndTexts:
    def test_a_column_with_both_is_read_with_the_day_first(self) -> None:
        assert sheet(date(2027, 1, 25), "01/12/2027", "3 Dec 2026") == [
            (JANUARY_25, []),
            (DECEMBER_1, []),
            (date(2026, 12, 3), []),
        ]

    def test_a_text_with_the_month_first_makes_the_ambiguous_texts_doubtful_but_no_date_cell(self) -> None:
        assert sheet(date(2027, 12, 1), "01/12/2027", "01/25/2027") == [
            (DECEMBER_1, []),
            (None, [DOUBT]),
            (JANUARY_25, [MONTH]),
        ]


@pytest.mark.parametrize("text", ["TBC", "Jan-27", "w/c 18/01/2027", "Q1 2027", "ASAP", "31/02/2027", "2027", "soon"])
def test_what_is_no_date_leaves_the_notice_without_one(text: str) -> None:
    assert column(text, "25/01/2027") == [(None, [NO_DATE]), (JANUARY_25, [])]


@pytest.mark.parametrize("text", ["1/1/1900", "1900-01-01 00:00:00.000", "01/01/1970", "01-Jan-1901"])
def test_a_date_that_systems_write_for_none_is_flagged(text: str) -> None:
    assert column(text) == [(None, [ODD])]
    for heading, field in (("End date", "service_ended_on"), ("Last updated", "updated_at")):
        ((day, codes),) = judged(as_csv(("Client ref", heading), ("1", text)), field)
        # Programs write 1 January 1900 for a missing date.
        assert (day, codes) == (None, ["placeholder_date" if "1900" in text else ODD])
    # An agreement without its last day would have no end.
    data = as_csv(("Client ref", "share_basis_expires_on"), ("1", text))
    ((day, codes),) = judged(data, "share_basis_expires_on")
    assert (day.year < 1971, codes) == (True, [ODD])
