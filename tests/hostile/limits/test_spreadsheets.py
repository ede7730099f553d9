from __future__ import annotations

import io
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from services.ingest.files.problems import CellCode, FileRefused
from services.ingest.files.table import FileLimits
from tests.hostile.http_fuzz import named
from tests.support.checks.work_steps import calls_of
from tests.unit.ingest.workbooks import SHEET, read, refusal_of, replaced, rezipped, rows_of, workbook

STYLES = "xl/styles.xml"
TEXTS = "xl/sharedStrings.xml"
TYPES = "[Content_Types].xml"
TEXTS_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = b"Case ID,Tel No,Last test\n"


def padded(data: bytes) -> bytes:
    # Without random characters, the zip file would be refused without being opened.
    noise = b"<!--" + random.Random(1).randbytes(60_000).hex().encode() + b"-->"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        large = [part.filename for part in archive.infolist() if part.file_size > 1_000_000]
    return rezipped(data, {name: lambda content: content + noise for name in large})


def with_rows(rows: bytes) -> bytes:
    return padded(rezipped(workbook(["C1"]), {SHEET: replaced(b"</sheetData>", rows + b"</sheetData>")}))


def with_format(code: bytes) -> bytes:
    style = b'<numFmts count="1"><numFmt numFmtId="170" formatCode="' + code + b'"/></numFmts><fonts'
    edit = lambda xml: xml.replace(b"<fonts", style, 1).replace(b'numFmtId="0"', b'numFmtId="170"')  # noqa: E731
    return rezipped(workbook(["C1", 1632960123]), {STYLES: edit})


def with_texts(*texts: bytes, cell: bytes = b"") -> bytes:
    part = b"<sst xmlns='" + MAIN + b"'>" + b"".join(texts) + b"</sst>"
    kind = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + TEXTS_TYPE + b'"/></Types>'
    row = b'<row r="3">' + cell + b"</row></sheetData>"
    changes: dict[str, Any] = {
        TEXTS: part,
        TYPES: replaced(b"</Types>", kind),
        SHEET: replaced(b"</sheetData>", row),
    }
    return padded(rezipped(workbook(["C1"]), changes))


def far(row: int, content: bytes = b"") -> bytes:
    return b'<row r="%d"><c r="XFD%d">%b</c></row>' % (row, row, content)


SMALL: list[tuple[str, Callable[[], bytes]]] = [
    ("blank cells in the last column", lambda: with_rows(b"".join(far(row) for row in range(3, 5_000)))),
    ("values in the last column", lambda: with_rows(b"".join(far(row, b"<v>1</v>") for row in range(3, 5_000)))),
    ("one row a million rows down", lambda: with_rows(far(1_048_576, b"<v>1</v>"))),
    ("a number format of 500,000 zeros", lambda: with_format(b"0" * 500_000)),
    ("a number format of 500,000 brackets", lambda: with_format(b"[" * 500_000)),
    ("a number format of 100,000 quotation marks", lambda: with_format(b"&quot;" * 100_000)),
    ("a shared formula of 10,000 terms", lambda: with_rows(b"".join(formula(row) for row in range(3, 2_000)))),
    ("shared texts that no cell names", lambda: with_texts(b"<si><t>x</t></si>" * 20_000)),
    ("2,000 brackets in a heading", lambda: workbook(["C1"], headings=["Case ID", "Tel No", "(" * 2_000])),
    ("30 rows of 200 headings", lambda: workbook(*[["(" * 190] * 190] * 28, headings=["Case ID", "Tel No"])),
]


def formula(row: int) -> bytes:
    text = b"A1+" * 10_000 + b"A1" if row == 3 else b""
    return b'<row r="%d"><c r="A%d"><f t="shared" si="0">%b</f></c></row>' % (row, row, text)


@pytest.mark.parametrize("make", named(SMALL))
def test_a_small_workbook_that_asks_for_much_is_read_in_few_steps_and_little_memory(
    make: Callable[[], bytes],
) -> None:
    data = make()
    tracemalloc.start()
    rows_of(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000
    assert calls_of(lambda: rows_of(data)) < 1_500_000


def with_formats(count: int) -> bytes:
    codes = b"".join(b'<numFmt numFmtId="%d" formatCode="0.%d"/>' % (170 + n, n) for n in range(count))
    edit = lambda xml: xml.replace(b"<fonts", b"<numFmts>" + codes + b"</numFmts><fonts", 1)  # noqa: E731
    return rezipped(workbook(["C1"]), {STYLES: edit})


def with_sheets(count: int) -> bytes:
    sheets = b"".join(b'<sheet name="s%d" sheetId="%d" state="hidden"/>' % (n, n) for n in range(count))
    return padded(rezipped(workbook(["C1"]), {"xl/workbook.xml": replaced(b"</sheets>", sheets + b"</sheets>")}))


def with_far_heading() -> bytes:
    cell = b'<c r="XFD1" t="inlineStr"><is><t>UPRN</t></is></c></row><row r="2"'
    return rezipped(workbook(["C1"]), {SHEET: replaced(b'</row><row r="2"', cell)})


REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("a row of 300,000 cells", lambda: with_rows(b"<row>" + b"<c/>" * 300_000 + b"</row>"), "unreadable"),
    ("rows after the last", lambda: with_rows(b'<row r="1048570"/>' + b"<row/>" * 10), "unreadable"),
    ("elements a thousand deep", lambda: with_rows(b"<a>" * 1_000 + b"</a>" * 1_000), "unreadable"),
    ("a cell right of the last column", lambda: with_rows(b'<row r="3"><c r="XFE3"><v>1</v></c></row>'), "unreadable"),
    ("a text of 300,000 parts", lambda: with_texts(b"<si>" + b"<r/>" * 300_000 + b"</si>"), "unreadable"),
    ("6,000 number formats", lambda: with_formats(6_000), "unpacks_too_large"),
    ("a list of sheets of 3 MB", lambda: with_sheets(60_000), "unpacks_too_large"),
    ("a heading in the last column", with_far_heading, "too_many_columns"),
]


@pytest.mark.parametrize(("make", "code"), named(REFUSED))
def test_a_workbook_beyond_what_any_program_writes_is_refused(make: Callable[[], bytes], code: str) -> None:
    assert refusal_of(make()).value == code


CSVS: list[tuple[str, bytes, str]] = [
    ("a heading line of 2 MB", HEAD.strip() + b",x" * 1_000_000 + b"\nC1\n", "row_too_long"),
    ("a heading line of 700 kB", HEAD.strip() + b",x" * 350_000 + b"\nC1\n", "too_many_columns"),
    ("one line of 20 MB of separators", HEAD + b"," * 15_000_000, "row_too_long"),
    ("a row of a million lines", HEAD + b'"\n",' * 1_000_000, "row_too_long"),
    ("a million blank lines", HEAD + b"\n" * 1_060_000 + b"C1\n", "too_many_rows"),
]


@pytest.mark.parametrize(("data", "code"), named(CSVS))
def test_a_csv_file_that_asks_for_much_is_refused_on_the_way(data: bytes, code: str) -> None:
    tracemalloc.start()
    with pytest.raises(FileRefused) as refused:
        rows_of(data, file_name="register.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.code.value == code
    # The whole file is decoded once, to find its encoding.
    assert peak < 2 * len(data) + 20_000_000


@pytest.mark.parametrize("seed", range(5))
def test_a_value_right_of_every_column_is_named_by_its_own_column(seed: int) -> None:
    source = random.Random(seed)
    column = source.choice(["GT", "HA", "ZZ", "AAA", "XFD"])
    cell = f'<row r="3"><c r="A3"><v>7</v></c><c r="{column}3"><v>1</v></c></row>'.encode()
    row = rows_of(with_rows(cell))[-1]
    assert row.cells[0] == "7"
    assert [(problem.code, problem.column) for problem in row.problems] == [(CellCode.NO_HEADING, f"column {column}")]


def test_shared_texts_are_read_with_their_runs_and_without_their_phonetic_guide() -> None:
    texts = (
        b"<si><t>C7</t></si>",
        b"<si><r><t>01632 </t></r><r><rPr><b/></rPr><t>960123</t></r><rPh><t>x</t></rPh></si>",
        b"<si/>",
    )
    cell = b'<c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c>'
    assert rows_of(with_texts(*texts, cell=cell))[-1].cells == ("C7", "01632 960123", "")


def test_rows_that_are_not_written_are_counted_in_the_numbers_of_the_rows() -> None:
    data = with_rows(b'<row r="900000"><c r="A900000"><v>7</v></c></row>')
    assert [row.number for row in rows_of(data)] == [2, 900_000]


@pytest.mark.parametrize("columns", [3, 50, 200])
def test_as_many_columns_as_a_file_may_have_are_read(columns: int) -> None:
    headings = ["Case ID", "Tel No", *(f"Own {number}" for number in range(columns - 2))]
    limits = FileLimits(columns=columns)
    data = (",".join(headings) + "\nC1" + ",x" * (columns - 1) + "\n").encode()
    assert len(read(data, limits, file_name="register.csv").headings) == columns
    assert len(read(workbook(["C1"], headings=headings), limits).headings) == columns
