"""All functions are pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from services.ingest.files.problems import CellCode, CellProblem
from services.ingest.files.table import SheetRow, column_label
from services.ingest.files.words import CODED_FIELDS, read_code
from services.ingest.reading.columns import ColumnMap
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.rows.date_columns import DATES, MOMENTS
from services.ingest.reading.rows.nothing import (
    is_error,
    is_no_date,
    is_nothing,
    is_placeholder_date,
    is_to_come,
    was_made_a_date,
    without_made_date,
)
from services.ingest.reading.rows.references import (
    REFERENCES,
    clean_reference,
    clean_references,
    has_lost_digits,
    issue_of_cell,
)

# `date_columns` judges a placeholder in these fields: it decides when a line is in danger, or ends an agreement.
_JUDGED_LATER: Final = frozenset(
    ["planned_migration_date", "restriction_start_date", "issued_at", "share_basis_expires_on"]
)
# Identifiers that are not references of a record. Their digits may be lost too.
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
# Fields in which a single part may be a word for "no value": `12 Tower Road, NULL, Blackpool`.
_PARTED: Final = frozenset(["address_lines", "area_codes", "post_town"])
_HOUSE: Final = re.compile(r"[0-9]{1,4}\.0")
_COMMAS: Final = re.compile(r"([,\n])")


def read_cells(row: SheetRow, columns: ColumnMap) -> SheetRow:
    """An error value such as `#REF!` becomes an empty cell, and is reported as a problem."""
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
    nothing = is_to_come(reference) if field in REFERENCES else is_nothing(reference, answers=False)
    return "" if nothing else reference, None


def _date(field: str, text: str) -> tuple[str, CellCode | None]:
    if field not in _JUDGED_LATER and is_placeholder_date(text):
        return "", CellCode.PLACEHOLDER_DATE
    return "" if is_no_date(text) else text, None


def _house(text: str) -> str:
    # A house number in a column of numbers, saved with a point: `12.0`.
    return text.removesuffix(".0") if _HOUSE.fullmatch(text) else text


def _parts(text: str) -> tuple[str, CellCode | None]:
    if is_to_come(text):
        return "", None
    if "," not in text and "\n" not in text:
        rest, code = _part(text)
        return _house(rest), code
    # Parts and separators in turn. If a part is dropped, the separator before it is dropped too.
    pieces = ["", *_COMMAS.split(text)]
    kept, code = list[str](), None
    for separator, part in zip(pieces[::2], pieces[1::2], strict=True):
        rest, fault = _part(part.strip())
        code = code or fault
        if rest == part.strip():
            kept.append(separator + part)
        elif rest:
            kept.append(f"{separator} {rest}")
    joined = "".join(kept)
    return text if joined == text else joined.strip(" ,\n"), code


def _part(text: str) -> tuple[str, CellCode | None]:
    fault = is_error(text)
    if fault is not None or (text and is_nothing(text, answers=False)):
        return "", fault
    rest = without_made_date(text)
    return rest, None if rest == text else CellCode.MADE_A_DATE


def clean_fields(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[Issue, ...]]:
    cleaned, issues = clean_references(fields)
    lines = fields.get("address_lines")
    if not isinstance(lines, list):
        return cleaned, issues
    # A line of a faulty type is reported by validation.
    read = [_parts(line) if isinstance(line, str) and line else (line, None) for line in lines]
    kept = [line for (line, _), before in zip(read, lines, strict=True) if line != "" or line == before]
    codes = dict.fromkeys(code for _, code in read if code)
    return {**cleaned, "address_lines": kept}, (*issues, *(issue_of_cell("address_lines", code) for code in codes))
