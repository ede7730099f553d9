from __future__ import annotations

import warnings
from datetime import date, datetime, time, timedelta

import pytest
from openpyxl import Workbook

from services.ingest.files.problems import CellCode, Remark, hidden_sheets
from tests.unit.ingest.workbooks import HEADINGS, SHEET, read, replaced, rezipped, rows_of, workbook


def cell_of(value: object, number_format: str = "General") -> tuple[str, list[CellCode]]:
    def edit(book: Workbook) -> None:
        cell = book.worksheets[0]["B2"]
        cell.value = value
        cell.number_format = number_format

    (row,) = rows_of(workbook(["C1", None, None], edit=edit))
    return row.cells[1], [problem.code for problem in row.problems]


def test_rows_carry_the_number_the_spreadsheet_shows() -> None:
    table = read(workbook(["C1", "01632 960123", None], [None, None, None], ["C2", " 01632 960124 ", "x"]))
    assert table.headings == ("Case ID", "Tel No", "Last test")
    assert [(row.number, row.cells) for row in table.rows] == [
        (2, ("C1", "01632 960123", "")),
        (4, ("C2", "01632 960124", "x")),
    ]
    assert table.remarks == ()


def test_title_rows_above_the_headings_are_passed_over() -> None:
    def edit(book: Workbook) -> None:
        book.worksheets[0].insert_rows(1, 3)
        book.worksheets[0]["A1"] = "Telecare register"

    table = read(workbook(["C1", "01632 960123"], edit=edit))
    assert table.heading_row == 4
    assert [row.number for row in table.rows] == [5]
    assert table.remarks == (Remark.ROWS_ABOVE_HEADINGS,)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1632960123, "General", "1632960123"),
        (1632960123.0, "0.00", "1632960123"),
        (441632960123.0, "0.00E+00", "441632960123"),
        (100012345678, "General", "100012345678"),
        (0.5, "General", "0.5"),
        (0.0000001, "General", "0.0000001"),
        (1632960123, "00000000000", "01632960123"),
        (42, '"TC"0000', "TC0042"),
        (1042, '"TC-"0', "TC-1042"),
        (7, r"\S\U000", "SU007"),
        (12345, '"TC"0000', "TC12345"),
        (42, '#,##0" pcs"', "42"),
        (42, "0" * 500_000, "42"),
        (True, "General", "true"),
        (False, "General", "false"),
        (date(2026, 12, 3), "dd/mm/yyyy", "2026-12-03"),
        (datetime.fromisoformat("2026-12-03T09:30"), "dd/mm/yyyy hh:mm", "2026-12-03T09:30:00"),
        (time(9, 30), "hh:mm", "09:30:00"),
        (timedelta(hours=30), "[h]:mm", "1 day, 6:00:00"),
    ],
)
def test_a_cell_is_the_text_of_what_it_holds(value: object, number_format: str, text: str) -> None:
    assert cell_of(value, number_format) == (text, [])


@pytest.mark.parametrize("number_format", ["General", "0.00E+00", "##0.0E+0"])
def test_a_long_number_that_ends_in_noughts_is_kept_and_marked_as_rounded(number_format: str) -> None:
    assert cell_of(441633000000, number_format) == ("441633000000", [CellCode.ROUNDED])


def test_a_number_formatted_as_whole_digits_or_a_short_one_is_not_taken_for_rounded() -> None:
    assert cell_of(441633000000, "0") == ("441633000000", [])
    assert cell_of(100000, "General") == ("100000", [])


def test_a_number_beyond_what_a_spreadsheet_can_hold_is_marked_as_rounded() -> None:
    assert cell_of(1.234567890123456e17)[1] == [CellCode.ROUNDED]


def test_a_formula_is_reported_and_its_result_is_not_used() -> None:
    (row,) = rows_of(workbook(["C1", '=CONCATENATE("01632 ","960123")', "x"]))
    assert row.cells == ("C1", "", "x")
    assert (
        str(row.problems[0])
        == "Row 2, Tel No (column B): The cell holds a formula. Copy the column and paste as values."
    )
    assert row.usable


def test_an_error_in_a_cell_is_reported() -> None:
    assert cell_of("#N/A") == ("", [CellCode.ERROR_VALUE])


def test_a_number_too_large_for_its_date_format_is_reported_without_being_quoted() -> None:
    data = rezipped(
        workbook(["C1", date(2026, 12, 3)]),
        {SHEET: lambda xml: xml.replace(b"<v>46359</v>", b"<v>1632960123</v>")},
    )
    (row,) = rows_of(data)
    assert row.cells[1] == ""
    assert [problem.code for problem in row.problems] == [CellCode.NOT_A_DATE]
    assert "960123" not in str(row.problems[0])


def test_a_value_beside_the_table_is_reported_and_the_row_is_used() -> None:
    (row,) = rows_of(workbook(["C1", "01632 960123", None, None, "call first"]))
    assert row.cells == ("C1", "01632 960123", "")
    assert row.usable
    assert [(problem.code, problem.column) for problem in row.problems] == [(CellCode.NO_HEADING, "column E")]


def test_a_cell_that_is_too_long_is_emptied_and_reported() -> None:
    (row,) = rows_of(workbook(["C1", "x" * 2_001]))
    assert row.cells[1] == ""
    assert [problem.code for problem in row.problems] == [CellCode.TOO_LONG]


def test_the_first_visible_sheet_is_read_and_others_are_remarked_on() -> None:
    def edit(book: Workbook) -> None:
        hidden = book.create_sheet("Old", 0)
        hidden.append(HEADINGS)
        hidden.append(["OLD", "01632 960999"])
        hidden.sheet_state = "hidden"
        book.create_sheet("More")

    table = read(workbook(["C1", "01632 960123"], edit=edit))
    assert [row.cells[0] for row in table.rows] == ["C1"]
    assert table.remarks == (
        "The workbook has 2 visible sheets: only the first, 'Sheet', was read. Left out: 'More'.",
        hidden_sheets(1),
    )


def test_hidden_sheets_are_counted_and_not_named() -> None:
    def edit(book: Workbook) -> None:
        book.create_sheet("Lists").sheet_state = "veryHidden"

    (remark,) = read(workbook(["C1"], edit=edit)).remarks
    assert remark.startswith("The workbook has 1 hidden sheet, which was not read.")
    assert "Lists" not in remark


def test_a_stated_size_that_is_too_small_hides_no_rows() -> None:
    data = rezipped(workbook(["C1"], ["C2"]), {SHEET: replaced(b'ref="A1:C3"', b'ref="A1:A2"')})
    table = read(data)
    assert table.headings == tuple(HEADINGS)
    assert [row.cells[0] for row in table.rows] == ["C1", "C2"]


def test_a_workbook_with_macros_is_read_as_data() -> None:
    types = replaced(b"spreadsheetml.sheet.main+xml", b"sheet.macroEnabled.main+xml")
    data = rezipped(
        workbook(["C1", "01632 960123"]),
        {
            "[Content_Types].xml": lambda xml: types(xml).replace(
                b"application/vnd.openxmlformats-officedocument.sheet.macroEnabled.main+xml",
                b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            ),
            "xl/vbaProject.bin": b"macros",
        },
    )
    assert [row.cells[0] for row in rows_of(data, file_name="register.xlsm")] == ["C1"]


def test_the_librarys_warnings_are_kept_from_the_log_and_the_filters_are_restored() -> None:
    extension = (
        b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        b'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:a/></ext></extLst></worksheet>'
    )
    data = rezipped(workbook(["C1"]), {SHEET: replaced(b"</worksheet>", extension)})
    before = list(warnings.filters)
    assert len(rows_of(data)) == 1
    assert warnings.filters == before
