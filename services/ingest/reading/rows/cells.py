"""Decides by field what a cell says: a value, nothing, or an error that is reported. Pure."""

from __future__ import annotations

import re
from typing import Final

from services.ingest.files.problems import CellCode, CellProblem
from services.ingest.files.table import SheetRow, column_label
from services.ingest.files.words import CODED_FIELDS, read_code
from services.ingest.reading.columns import ColumnMap
from services.ingest.reading.rows.date_columns import DATES, MOMENTS
from services.ingest.reading.rows.nothing import (
    is_error,
    is_no_date,
    is_no_reference,
    is_nothing,
    is_placeholder_date,
    was_made_a_date,
)
from services.ingest.reading.rows.references import REFERENCES, clean_reference, has_lost_digits

# `date_columns` judges a placeholder in these fields: it decides when a line is in danger, or ends an agreement.
_JUDGED_LATER: Final = frozenset(
    ["planned_migration_date", "restriction_start_date", "issued_at", "share_basis_expires_on"]
)
# Identifiers that are no references of a record: their digits may be lost too.
_IDENTIFIERS: Final = frozenset(["scheme_id", "share_basis_id", "access_line_id"])
# Fields of free text in which "None" and "N/A" may be what somebody answered.
_ANSWERS: Final = frozenset(
    [
        "device_kind",
        "make_model",
        "protocol",
        "arc_name",
        "line_provider",
        "communication_needs",
        "contact_route",
        "supported_journey_codes",
        "customer_contacts",
    ]
)
# Fields of which a part alone may be a word for nothing: `12 Tower Road, NULL, Blackpool`.
_PARTED: Final = frozenset(["address_lines", "area_codes", "post_town"])
_HOUSE: Final = re.compile(r"[0-9]{1,4}\.0")
_COMMAS: Final = re.compile(r"([,\n])")


def read_cells(row: SheetRow, columns: ColumnMap) -> SheetRow:
    """Return the row with each cell as it is meant.

    An error text becomes an empty cell with a problem. A word for "no value" becomes an empty cell.
    """
    if not row.usable:
        return row
    cells, problems = list(row.cells), list(row.problems)
    for index, field in columns.fields.items():
        if cells[index]:
            cells[index], code = _read(field, cells[index])
            if code is not None:
                problems.append(CellProblem(code, row.number, index, column_label((), index)))
    return SheetRow(row.number, tuple(cells), tuple(problems))


def _read(field: str, text: str) -> tuple[str, CellCode | None]:
    code = is_error(text)
    if code is not None:
        return "", code
    if field in REFERENCES or field in _IDENTIFIERS:
        return _reference(field, text)
    if field in DATES or field in MOMENTS:
        return _date(field, text)
    # "N/A" is a code of its own in some fields.
    if field in CODED_FIELDS and read_code(field, text) is not None:
        return text, None
    if is_nothing(text, answers=field in _ANSWERS):
        return "", None
    return _parts(text) if field in _PARTED else (text, None)


def _reference(field: str, text: str) -> tuple[str, CellCode | None]:
    reference = clean_reference(text)
    if has_lost_digits(reference):
        return "", CellCode.LOST_DIGITS
    # "SEP-12" may be a reference: a date of a spreadsheet begins with its day or its year.
    if reference[:1].isdigit() and was_made_a_date(reference):
        return "", CellCode.MADE_A_DATE
    nothing = is_no_reference(reference) if field in REFERENCES else is_nothing(reference, answers=False)
    return "" if nothing else reference, None


def _date(field: str, text: str) -> tuple[str, CellCode | None]:
    if field not in _JUDGED_LATER and is_placeholder_date(text):
        return "", CellCode.PLACEHOLDER_DATE
    return "" if is_no_date(text) or is_nothing(text, answers=False) else text, None


def _house(text: str) -> str:
    # A house number in a column of numbers, saved with a point: `12.0`.
    return text.removesuffix(".0") if _HOUSE.fullmatch(text) else text


def _parts(text: str) -> tuple[str, CellCode | None]:
    if "," not in text and "\n" not in text:
        return ("", CellCode.MADE_A_DATE) if was_made_a_date(text) else (_house(text), None)
    # Parts and separators in turn: a part that goes takes the separator before it along.
    pieces = ["", *_COMMAS.split(text)]
    kept, code = list[str](), None
    for separator, part in zip(pieces[::2], pieces[1::2], strict=True):
        fault = is_error(part.strip()) or (CellCode.MADE_A_DATE if was_made_a_date(part.strip()) else None)
        code = code or fault
        if fault is None and not (part.strip() and is_nothing(part.strip(), answers=False)):
            kept.append(separator + part)
    return "".join(kept).strip(" ,\n") if len(kept) < len(pieces) // 2 else text, code
