# A fault never quotes a cell.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.core.errors import PullcordError


class FileCode(StrEnum):
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    ROW_TOO_LONG = "row_too_long"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    LEGACY_WORKBOOK = "legacy_workbook"
    ENCRYPTED = "encrypted"
    NOT_A_WORKBOOK = "not_a_workbook"
    NOT_A_TABLE = "not_a_table"
    UNREADABLE = "unreadable"
    STRICT_WORKBOOK = "strict_workbook"
    TOO_COSTLY = "too_costly"
    NO_SHEET = "no_sheet"
    NO_HEADINGS = "no_headings"


_SAVE_AS = "Open it in your spreadsheet program and save it as .xlsx or .csv."
_SPLIT = "Split it into several files, or remove what is not needed."

# Reason and remedy, shown to the sender.
_FILE: dict[FileCode, tuple[str, str]] = {
    FileCode.EMPTY: ("The file is empty.", "Check that the right file was sent."),
    FileCode.TOO_LARGE: ("The file is larger than is accepted here.", _SPLIT),
    FileCode.TOO_MANY_ROWS: ("The file has more rows than are accepted in one file.", _SPLIT),
    FileCode.TOO_MANY_COLUMNS: (
        "The file has more columns than are accepted.",
        "Keep only the columns that are needed.",
    ),
    FileCode.ROW_TOO_LONG: (
        "A row of the file is longer than any row of a table, so it has lost its line breaks or a quotation mark.",
        _SAVE_AS,
    ),
    FileCode.UNPACKS_TOO_LARGE: (
        "The workbook unpacks to far more than its size.",
        "Copy the rows into a new workbook, as values, and send that.",
    ),
    FileCode.LEGACY_WORKBOOK: ("The file is in an old or unusual spreadsheet format.", _SAVE_AS),
    FileCode.ENCRYPTED: ("The file is protected by a password.", "Remove the password and send it again."),
    FileCode.NOT_A_WORKBOOK: ("The file is not the .xlsx workbook it says it is.", _SAVE_AS),
    FileCode.NOT_A_TABLE: ("The file is neither a .csv table nor an .xlsx workbook.", _SAVE_AS),
    FileCode.UNREADABLE: ("The file is damaged and cannot be read to its end.", f"{_SAVE_AS} Then send it again."),
    FileCode.STRICT_WORKBOOK: (
        "The workbook is saved as a Strict Open XML Spreadsheet, which is not read.",
        "Save it as an ordinary Excel workbook (.xlsx) or as .csv.",
    ),
    FileCode.TOO_COSTLY: (
        "Reading the file takes more time or memory than one file may take.",
        "Copy the rows into a new workbook, as values, and send that, or send them in several files.",
    ),
    FileCode.NO_SHEET: ("The workbook has no visible sheet with cells.", "Unhide the sheet that holds the rows."),
    FileCode.NO_HEADINGS: (
        "No row with two known headings was found near the top of the file or of its first visible sheet.",
        (
            "Put one row of headings above the rows, with names from the list of columns. "
            'Or map your own headings by hand: --column "HEADING=FIELD", over HTTP ?column=.'
        ),
    ),
}


class FileRefused(PullcordError):  # noqa: N818 - a refusal is an answer to the sender, not a fault
    def __init__(self, code: FileCode) -> None:
        self.code = code
        self.reason, self.remedy = _FILE[code]
        super().__init__(f"{self.reason} {self.remedy}")


class CellCode(StrEnum):
    FORMULA = "formula"
    ERROR_VALUE = "error_value"
    NOT_A_DATE = "not_a_date"
    ROUNDED = "rounded"
    LOST_DIGITS = "lost_digits"
    COLUMN_TOO_NARROW = "column_too_narrow"
    CHARACTERS_LOST = "characters_lost"
    PLACEHOLDER_DATE = "placeholder_date"
    MADE_A_DATE = "made_a_date"
    TOO_LONG = "too_long"
    NO_HEADING = "no_heading"
    TOO_MANY_CELLS = "too_many_cells"
    NUL_BYTES = "nul_bytes"
    BROKEN_QUOTES = "broken_quotes"


# Faults after which any value of the row may stand in the wrong column.
ROW_CODES = frozenset({CellCode.TOO_MANY_CELLS, CellCode.NUL_BYTES, CellCode.BROKEN_QUOTES})

_CELL: dict[CellCode, tuple[str, str]] = {
    CellCode.FORMULA: ("The cell holds a formula.", "Copy the column and paste as values."),
    CellCode.ERROR_VALUE: ("The cell holds an error such as #N/A.", "Type the value, or leave the cell empty."),
    CellCode.NOT_A_DATE: (
        "The cell is shown as a date but holds none.",
        "Format the column as text and type it again.",
    ),
    CellCode.ROUNDED: (
        "The number ends in many zeros and seems to have lost its last digits.",
        "Format the column as text and type or import the full number again.",
    ),
    CellCode.LOST_DIGITS: (
        "A spreadsheet has turned the reference into scientific notation, and its last digits are lost.",
        "Format the column as text, enter the reference again from its source and send the file again.",
    ),
    CellCode.COLUMN_TOO_NARROW: (
        "The cell holds only # signs: the column was too narrow when the file was saved.",
        "Widen the column and export the file again.",
    ),
    CellCode.CHARACTERS_LOST: (
        "The cell holds only question marks: an export has lost its characters.",
        "Export the file again as UTF-8, or type the value.",
    ),
    CellCode.PLACEHOLDER_DATE: (
        "This is a date that programs write when there is none, so it was not kept.",
        "Type the date, or leave the cell empty.",
    ),
    CellCode.MADE_A_DATE: (
        "A spreadsheet has turned the value into a date, and what was typed is lost. It was not read.",
        "Format the column as text, type the value again, such as 1/2 or 3-5, and send the row again.",
    ),
    CellCode.TOO_LONG: (
        "The cell holds more text than is accepted.",
        "Shorten it, or check for a missing quotation mark.",
    ),
    CellCode.NO_HEADING: (
        "The cell stands under no heading and was not read.",
        "Give the column a heading, or clear it.",
    ),
    CellCode.TOO_MANY_CELLS: (
        "The row has more cells than there are headings, so its values may stand in the wrong columns.",
        "Put cells that hold the separator in quotation marks, or send the file as .xlsx.",
    ),
    CellCode.NUL_BYTES: ("The row holds bytes that are not text.", "Export the file again, or send it as .xlsx."),
    CellCode.BROKEN_QUOTES: (
        "A quotation mark is missing or stands in the middle of a cell, so where the row ends is uncertain.",
        "Double each quotation mark inside a cell, or send the file as .xlsx.",
    ),
}


@dataclass(frozen=True, slots=True)
class CellProblem:
    code: CellCode
    row: int  # as the spreadsheet shows it: the first is 1
    # None for a fault of the whole row.
    index: int | None  # column, counted from 0
    column: str  # heading and letter of the column; empty for the whole row
    # First and last line in a text file, if a broken quote may have joined several rows.
    lines: tuple[int, int] | None = None

    @property
    def reason(self) -> str:
        if self.lines and self.lines[0] < self.lines[1]:
            return f"{_CELL[self.code][0]} It covers lines {self.lines[0]} to {self.lines[1]} of the file."
        return _CELL[self.code][0]

    @property
    def remedy(self) -> str:
        return _CELL[self.code][1]

    def __str__(self) -> str:
        where = f"Row {self.row}, {self.column}" if self.column else f"Row {self.row}"
        return f"{where}: {self.reason} {self.remedy}"


# Sheet names in one remark. The others are counted.
_SHEETS_NAMED = 5
# A name with more digits may be a telephone number.
_DIGITS_SHOWN = 4


def sheets_left_out(names: Sequence[str]) -> str:
    """Return a remark on the sheets that were not read. `names` has the names of all visible sheets."""
    left = names[1:]
    shown = ", ".join(map(_sheet_name, left[:_SHEETS_NAMED]))
    more = f" and {len(left) - _SHEETS_NAMED} more" if len(left) > _SHEETS_NAMED else ""
    first = _sheet_name(names[0])
    return f"The workbook has {len(names)} visible sheets: only the first, {first}, was read. Left out: {shown}{more}."


def hidden_sheets(count: int) -> str:
    sheets = "1 hidden sheet, which was" if count == 1 else f"{count} hidden sheets, which were"
    return f"The workbook has {sheets} not read. Unhide what belongs to the list, or send it as a file of its own."


def _sheet_name(name: str) -> str:
    many = sum(character.isdigit() for character in name) > _DIGITS_SHOWN
    return "(a name that looks like a number)" if many else f"'{name[:31]}'"


class Remark(StrEnum):
    READ_AS_WINDOWS_1252 = (
        "The file is not in UTF-8 and was read as Windows-1252: check accented letters and pound signs, "
        "and save it as 'CSV UTF-8' next time."
    )
    TWO_ROWS_OF_HEADINGS = "The headings stand in two rows, which were read as one: check the columns in the answer."
    ROWS_ABOVE_HEADINGS = "The rows above the headings were not read."
