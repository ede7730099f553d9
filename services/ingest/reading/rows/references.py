"""All functions are pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice, product
from typing import Any, Final

from services.ingest.files.cleaning import clean_text
from services.ingest.files.problems import CellCode, CellProblem
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.rows.nothing import is_error, is_to_come

# Fields by which a record is found again.
REFERENCES: Final = frozenset(["entry_id", "id", "provider_reference", "supersedes"])

# A mark that keeps a cell as text: it stands before the value, or around it.
_QUOTES: Final = "'`\u2018\u2019"
_DECIMAL: Final = re.compile(r"([0-9]+)\.0+")
# `2.02612E+14`. "7E10" may be a reference, so an exponent counts only after a decimal point or before a plus.
_LOST: Final = re.compile(r"[0-9](?:[.,][0-9]{1,20}E[+-]?[0-9]{1,3}|E\+[0-9]{1,3})", re.IGNORECASE)
# Spreadsheets show six digits of a number of twelve or more, and keep fifteen. The others become zeros.
_ROUNDED: Final = re.compile(r"(?=[0-9]{12})[0-9]{1,6}0{6,}|[0-9]{15}0{2,}")
_GAP_OF_DIGITS: Final = re.compile(r"(?<=[0-9])[\s-]+(?=[0-9])")
_GAP: Final = re.compile(r"(?<![0-9])[\s-]+|[\s-]+(?![0-9])")
_ANY_GAP: Final = re.compile(r"[\s-]+")
_BETWEEN: Final = re.compile(r"(?<=[A-Za-z])(?=[0-9])")
_FIRST_DIGITS: Final = re.compile(r"[0-9]+")
_LETTERS: Final = re.compile(r"[A-Za-z]+")
_GROUPS: Final = 4  # groups of letters that are tried in the other case
_CASE_GROUPS: Final = 3  # groups of letters that are tried together in other cases
_WIDEST: Final = 12  # digits to which leading zeros are put back
_LEADING_ZEROS: Final = re.compile(r"(?<![0-9])0+(?=[0-9])")


def clean_reference(text: str) -> str:
    # The letter case does not change.
    # JSON can hold a NUL. In a file, a row with a NUL is never read.
    plain = " ".join(clean_text(text.replace("\0", "")).strip(_QUOTES).split())
    # `12345.0` is a number cell that was saved as text.
    decimal = _DECIMAL.fullmatch(plain)
    return decimal[1] if decimal else plain


def has_lost_digits(reference: str) -> bool:
    return _LOST.fullmatch(reference) is not None


def seems_rounded(reference: str) -> bool:
    return _ROUNDED.fullmatch(reference) is not None


def alike_form(reference: str) -> str:
    """Return one form for references that differ only in case, hyphens, blanks or leading zeros."""
    # A gap between digits counts: 1-23 and 12-3 are two references.
    joined = _GAP.sub("", _GAP_OF_DIGITS.sub("-", reference.casefold()))
    return _LEADING_ZEROS.sub("", joined)


def in_other_case(reference: str) -> frozenset[str]:
    groups = list(islice(_LETTERS.finditer(reference), _CASE_GROUPS))
    if not groups:
        return frozenset()
    forms = {reference.upper(), reference.lower()}
    ways = [{text[0], text[0].upper(), text[0].lower(), text[0].capitalize()} for text in groups]
    for chosen in product(*ways):
        form = list(reference)
        for group, text in zip(groups, chosen, strict=True):
            form[group.start() : group.end()] = text
        forms.add("".join(form))
    return frozenset(forms - {reference})


def alike_references(reference: str) -> frozenset[str]:
    stripped = _LEADING_ZEROS.sub("", reference)
    forms = {reference.upper(), reference.lower(), stripped}
    forms |= {_ANY_GAP.sub(gap, reference) for gap in ("-", " ", "")}
    forms |= {_BETWEEN.sub(gap, reference) for gap in ("-", " ")}
    # One group of letters alone may have been typed in the other case: TC-2a and TC-2A.
    for letters in islice(_LETTERS.finditer(reference), _GROUPS):
        forms.add(reference[: letters.start()] + letters[0].swapcase() + reference[letters.end() :])
    digits = _FIRST_DIGITS.search(stripped)
    if digits:
        # The width of a reference that has lost its zeros is not known.
        before, after = stripped[: digits.start()], stripped[digits.end() :]
        forms |= {before + digits[0].zfill(width) + after for width in range(2, _WIDEST + 1)}
    return frozenset(forms - {reference})


def clean_references(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[Issue, ...]]:
    """A damaged reference is removed and gives an issue."""
    cleaned, issues = dict(fields), list[Issue]()
    for field in REFERENCES & fields.keys():
        value = fields[field]
        # A faulty type, and blanks alone, are reported by validation.
        if not isinstance(value, str) or not (reference := clean_reference(value)):
            continue
        code = _fault_of(reference)
        if code is None and not is_to_come(reference):
            cleaned[field] = reference
            continue
        del cleaned[field]
        issues += [issue_of_cell(field, code)] if code else []
    return cleaned, tuple(sorted(issues))


def issue_of_cell(field: str, code: CellCode) -> Issue:
    problem = CellProblem(code, 0, None, "")
    return Issue(field, code.value, problem.reason, problem.remedy)


def _fault_of(reference: str) -> CellCode | None:
    return CellCode.LOST_DIGITS if has_lost_digits(reference) else is_error(reference)
