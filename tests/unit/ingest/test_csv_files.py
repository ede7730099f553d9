from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.files.cleaning import clean_text
from services.ingest.files.problems import CellCode, FileCode, FileRefused, Remark
from services.ingest.files.reader import read_table
from services.ingest.files.table import FileLimits, SheetRow, Table
from services.ingest.reading.columns import known_heading
from services.ingest.reading.drafts import RecordKind

CSV, NAME = "text/csv", "register.csv"
HEADINGS = "Case ID,Tel No,Post Code\n"


def read(
    data: bytes | str, limits: FileLimits | None = None, media_type: str | None = CSV, file_name: str | None = NAME
) -> Table:
    data = data.encode() if isinstance(data, str) else data
    limits, known = limits or FileLimits(), known_heading(RecordKind.ENTRY)
    return read_table(data, limits=limits, known_heading=known, media_type=media_type, file_name=file_name)


def rows_of(data: bytes | str, limits: FileLimits | None = None) -> list[SheetRow]:
    return list(read(data, limits).rows)


def cells_of(data: str) -> list[tuple[str, ...]]:
    return [row.cells for row in rows_of(data)]


def codes_of(row: SheetRow) -> list[CellCode]:
    return [problem.code for problem in row.problems]


def refusal_of(
    data: bytes | str, limits: FileLimits | None = None, media_type: str | None = CSV, file_name: str | None = NAME
) -> FileCode:
    with pytest.raises(FileRefused) as refused:
        list(read(data, limits, media_type, file_name).rows)
    return refused.value.code


def test_rows_carry_the_number_the_spreadsheet_shows() -> None:
    table = read(HEADINGS + "C1,01632 960123,FY3 8AA\n\nC2,01632 960124,FY3 8AB\n")
    assert table.headings == ("Case ID", "Tel No", "Post Code")
    assert table.heading_row == 1
    rows = list(table.rows)
    assert [(row.number, row.cells[0]) for row in rows] == [(2, "C1"), (4, "C2")]
    assert all(row.usable and not row.problems for row in rows)
    assert table.remarks == ()


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 little", "utf-16 big"],
)
def test_unicode_in_any_of_its_encodings_is_read(encode: Callable[[str], bytes]) -> None:
    table = read(encode("Case ID,Address\nC1,Tŷ Gwyn\n"))
    assert table.headings == ("Case ID", "Address")
    assert [row.cells for row in table.rows] == [("C1", "Tŷ Gwyn")]
    assert table.remarks == ()


def test_an_older_windows_file_is_read_and_remarked_on() -> None:
    table = read("Case ID,Address\nC1,Café Row\n".encode("cp1252"))
    assert [row.cells for row in table.rows] == [("C1", "Café Row")]
    assert table.remarks == (Remark.READ_AS_WINDOWS_1252,)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    assert cells_of(separator.join(["Case ID", "Tel No"]) + "\n" + separator.join(["C1", "01632 960123"])) == [
        ("C1", "01632 960123")
    ]


def test_the_separator_is_found_below_a_title_full_of_commas() -> None:
    assert cells_of("Telecare, Blackpool, January, 2027\nCase ID;Tel No\nC1;01632 960123\n") == [("C1", "01632 960123")]


def test_a_separator_stated_in_the_first_line_is_used_and_is_no_row() -> None:
    (row,) = rows_of("sep=;\r\nCase ID;Address\r\nC1;18, High Street\r\n")
    assert (row.number, row.cells) == (2, ("C1", "18, High Street"))


def test_title_rows_above_the_headings_are_passed_over() -> None:
    table = read("Telecare register\nPrinted 1 December 2026\n\n" + HEADINGS + "C1,01632 960123,FY3 8AA\n")
    assert table.heading_row == 4
    assert [row.number for row in table.rows] == [5]
    assert table.remarks == (Remark.ROWS_ABOVE_HEADINGS,)


def test_a_file_without_headings_is_refused_and_never_quoted() -> None:
    with pytest.raises(FileRefused) as refused:
        read("C1,01632 960123\nC2,01632 960124\n")
    assert refused.value.code is FileCode.NO_HEADINGS
    assert "960" not in str(refused.value)
    assert refused.value.remedy in str(refused.value)


def test_headings_too_far_down_are_not_found() -> None:
    assert refusal_of("\n" * 30 + HEADINGS) is FileCode.EMPTY
    assert refusal_of("title\n" * 30 + HEADINGS) is FileCode.NO_HEADINGS


def test_a_title_that_happens_to_be_a_known_heading_is_still_a_title() -> None:
    assert read("Telephone numbers\n" + HEADINGS).heading_row == 2


def test_without_a_predicate_the_first_row_that_is_not_blank_holds_the_headings() -> None:
    table = read_table(b"\none,two\n1,2\n", media_type=None, file_name=None, limits=FileLimits())
    assert (table.headings, table.heading_row) == (("one", "two"), 2)


def test_a_line_break_inside_quotation_marks_stays_in_its_cell() -> None:
    (row,) = rows_of('Case ID,Address\nC1,"Flat 2\n18 High Street"\n')
    assert (row.number, row.cells) == (2, ("C1", "Flat 2\n18 High Street"))


def test_cells_and_headings_are_stripped_of_blanks() -> None:
    table = read('" Case ID ","Tel\n No"\n C1 ,\u00a001632 960123 \n')
    assert table.headings == ("Case ID", "Tel No")
    assert [row.cells for row in table.rows] == [("C1", "01632 960123")]


def test_a_short_row_is_filled_with_empty_cells() -> None:
    (row,) = rows_of(HEADINGS + "C1,01632 960123\n")
    assert row.cells == ("C1", "01632 960123", "")
    assert row.usable


def test_a_row_with_more_cells_than_headings_is_reported_and_not_used() -> None:
    long, good = rows_of(HEADINGS + "C1,01632 960123,FY3 8AA,Blackpool\nC2,01632 960124,FY3 8AB\n")
    assert codes_of(long) == [CellCode.TOO_MANY_CELLS]
    assert not long.usable
    assert str(long.problems[0]).startswith("Row 2: The row has more cells than there are headings")
    assert good.usable


def test_empty_columns_at_the_end_are_no_columns() -> None:
    table = read("Case ID,Tel No,,\nC1,01632 960123,,,\n")
    assert table.headings == ("Case ID", "Tel No")
    assert [row.problems for row in table.rows] == [()]


def test_a_value_under_an_empty_heading_is_reported_and_the_row_is_used() -> None:
    (row,) = rows_of("Case ID,Tel No,,\nC1,01632 960123,call first,\n")
    assert row.cells == ("C1", "01632 960123")
    assert row.usable
    assert codes_of(row) == [CellCode.NO_HEADING]
    assert row.problems[0].column == "column C"


def test_nul_bytes_spoil_their_row_only() -> None:
    bad, good = rows_of(HEADINGS + "C1,01632\0960123,FY3 8AA\nC2,01632 960124,FY3 8AB\n")
    assert codes_of(bad) == [CellCode.NUL_BYTES]
    assert not bad.usable
    assert "\0" not in "".join(bad.cells)
    assert good.usable


def test_a_missing_quotation_mark_never_swallows_rows_in_silence() -> None:
    bad, good = rows_of(HEADINGS + 'C1,"Flat 2,x\nC2,01632 960124,y\nC3,"Flat 4,z\nC4,01632 960126,FY3 8AB\n')
    assert codes_of(bad) == [CellCode.BROKEN_QUOTES]
    assert not bad.usable
    assert "lines 2 to 4" in bad.problems[0].reason
    assert good.cells[0] == "C4"


def test_a_quotation_mark_that_is_never_closed_is_reported_at_the_end_of_the_file() -> None:
    good, bad = rows_of(HEADINGS + 'C1,01632 960123,FY3 8AA\nC2,"01632 960124,FY3 8AB\nC3,01632 960125,FY3 8AB\n')
    assert good.usable
    assert codes_of(bad) == [CellCode.BROKEN_QUOTES]
    assert "lines 3 to 4" in str(bad.problems[0])


def test_a_runaway_quotation_mark_does_not_stop_the_reading() -> None:
    rows = rows_of(HEADINGS + 'C0,"x,\n' + "C1,01632 960123,FY3 8AA\n" * 10_000)
    assert codes_of(rows[0]) == [CellCode.BROKEN_QUOTES]
    assert rows[-1].cells == ("C1", "01632 960123", "FY3 8AA")


def test_a_cell_that_is_too_long_is_emptied_and_reported() -> None:
    (row,) = rows_of(HEADINGS + "C1,01632 960123," + "x" * 2_001 + "\n")
    assert row.cells == ("C1", "01632 960123", "")
    assert codes_of(row) == [CellCode.TOO_LONG]
    assert row.problems[0].column == "Post Code (column C)"
    assert row.usable


def test_a_number_kept_as_text_by_an_equals_sign_is_read() -> None:
    assert cells_of('Case ID,Tel No\nC1,="01632960123"\nC2,"=""01632960124"""\n') == [
        ("C1", "01632960123"),
        ("C2", "01632960124"),
    ]


def test_a_formula_in_a_text_file_is_reported_and_not_kept() -> None:
    (row,) = rows_of(HEADINGS + "C1,=A1&B1,FY3 8AA\n")
    assert row.cells == ("C1", "", "FY3 8AA")
    assert str(row.problems[0]) == (
        "Row 2, Tel No (column B): The cell holds a formula. Copy the column and paste as values."
    )


def test_a_repeated_row_of_headings_is_passed_over() -> None:
    assert cells_of(HEADINGS + "C1,01632 960123,FY3 8AA\n" + HEADINGS + "C2,01632 960124,FY3 8AB\n") == [
        ("C1", "01632 960123", "FY3 8AA"),
        ("C2", "01632 960124", "FY3 8AB"),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_ending_is_read(ending: str) -> None:
    assert [row.number for row in rows_of(ending.join(["Case ID,Tel No", "C1,01632 960123", "C2,01632 960124"]))] == [
        2,
        3,
    ]


def test_more_rows_than_allowed_are_refused_but_blank_ones_do_not_count() -> None:
    limits = FileLimits(rows=2)
    assert len(rows_of(HEADINGS + "C1,,\n" + ",,\n" * 50 + "C2,,\n", limits)) == 2
    assert refusal_of(HEADINGS + "C1,,\nC2,,\nC3,,\n", limits=limits) is FileCode.TOO_MANY_ROWS


def test_more_columns_or_bytes_than_allowed_are_refused() -> None:
    assert refusal_of(HEADINGS, limits=FileLimits(columns=2)) is FileCode.TOO_MANY_COLUMNS
    assert refusal_of(HEADINGS, limits=FileLimits(bytes=10)) is FileCode.TOO_LARGE


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", FileCode.EMPTY),
        (b" \r\n\n", FileCode.EMPTY),
        (b"\xef\xbb\xbf,,\n,,\n", FileCode.EMPTY),
        (b"<html><table><tr><td>Case ID</td></tr></table></html>", FileCode.NOT_A_TABLE),
        (b"%PDF-1.7 x", FileCode.NOT_A_TABLE),
        (b"\x00\x01\x02\x03" * 100, FileCode.NOT_A_TABLE),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\x00", FileCode.NOT_A_TABLE),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, code: FileCode) -> None:
    assert refusal_of(data) is code


def test_text_that_says_it_is_a_workbook_is_refused() -> None:
    assert refusal_of(HEADINGS, file_name="Register.XLSX") is FileCode.NOT_A_WORKBOOK


def test_text_sent_with_the_media_type_of_old_excel_is_read_as_browsers_do_that() -> None:
    table = read(HEADINGS + "C1,,\n", media_type="application/vnd.ms-excel")
    assert len(list(table.rows)) == 1


CELLS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="=&"), max_size=20)


@given(st.lists(st.tuples(CELLS.map("C1{}".format), CELLS, CELLS), max_size=20), st.sampled_from(",;\t"))
def test_whatever_a_spreadsheet_writes_comes_back_row_by_row(rows: list[tuple[str, ...]], separator: str) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator).writerows([HEADINGS.strip().split(","), *rows])
    assert cells_of(stream.getvalue()) == [tuple(map(clean_text, row)) for row in rows]


@given(st.binary(max_size=300))
def test_any_bytes_below_the_headings_are_read_or_refused(data: bytes) -> None:
    try:
        rows = rows_of(HEADINGS.encode() + data)
    except FileRefused:
        return
    assert all(len(row.cells) == 3 for row in rows)


def test_no_text_about_a_row_holds_what_its_cells_hold() -> None:
    rows = rows_of(
        HEADINGS + 'C1,=960123,FY3 8AA\nC2,"960124,"FY3\nC3,960125,FY3 8AB,960126\n' + "C4,960127" + "0" * 3_000 + ",\n"
    )
    said = " ".join(str(problem) for row in rows for problem in row.problems)
    assert len(rows) == 4
    assert "960" not in said
    assert "FY3" not in said
