"""All functions are pure."""

from __future__ import annotations

import re
from typing import Final

from services.ingest.files.problems import CellCode

# Written by programs. No field takes them as an answer.
_PROGRAMS: Final = frozenset(
    ["null", "(null)", "<null>", "[null]", "nan", "nat", "<na>", "\\n", "undefined", "(blank)", "(empty)"]
)
# Also written by people, and an answer in some free texts: "None" to the question of accessibility needs.
_PEOPLE: Final = frozenset(
    ["none", "(none)", "n/a", "n\\a", "n.a.", "n.a", "na", "n / a", "nil", "not applicable", "blank", "empty", "?"]
)
# What people write while a reference or an address is still to come. Two rows with such a word are two people.
_TO_COME: Final = frozenset(
    [
        "tbc",
        "tba",
        "tbd",
        "to be confirmed",
        "to be allocated",
        "to be advised",
        "to follow",
        "unknown",
        "not known",
        "n/k",
        "n.k.",
        "not recorded",
        "not given",
        "not available",
        "not allocated",
        "not yet allocated",
        "unallocated",
        "pending",
        "awaiting",
        "awaited",
        "awaiting reference",
        "awaiting ref",
        "no ref",
        "as above",
        "same as above",
        "ditto",
    ]
)
_TO_COME_FORM: Final = re.compile(r"0+|x{2,}|\?")
_DASHES: Final = re.compile(r"[-_.\s]+")
_ERROR: Final = re.compile(r"#(?:N/A(?: N/A)?|GETTING_DATA|[A-Z][A-Z0-9/_]{1,20}[!?])|Err:[0-9]{3}", re.IGNORECASE)
_HASHES: Final = re.compile(r"#+")
# In Unicode, a lost character becomes the replacement character.
_QUESTION_MARKS: Final = re.compile("[?\ufffd]{2,}|\ufffd")
_ZERO_DATE: Final = re.compile(r"0{1,4}([-/.])0{1,2}\1(?:0{4}|0{1,2})(?:[ T]0{1,2}(?::00){1,2}(?:\.0{1,9})?)?")
# Day zero and the first and last days of databases and spreadsheets, with or without a time.
_PLACEHOLDER_DATE: Final = re.compile(
    r"(?:(?:0001|1753|1900)-01-0[01]|1899-12-3[01]|9999-12-31"
    r"|0?[01][/.-]0?1[/.-](?:0001|1753|1900)|3[01][/.-]12[/.-](?:1899|9999)"
    r"|0?1[- ]Jan[- ](?:1753|1900)|Jan +1 +(?:1753|1900)|31[- ]Dec[- ]9999)(?:[ T][0-9:. APMZ+]{1,30})?",
    re.IGNORECASE,
)
_MONTH: Final = "(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)"
# What a spreadsheet makes of 1/2, 3-5 and 1-3-26 typed into a cell, as it shows the cell and as it saves it.
_DATE: Final = (
    rf"(?:19|20)[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}(?:[ T][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})?"
    rf"|[0-9]{{1,2}}[-/]{_MONTH}(?:[-/](?:[0-9]{{2}}|[0-9]{{4}}))?|{_MONTH}[-/](?:[0-9]{{2}}|[0-9]{{4}})"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2}"
)
_MADE_A_DATE: Final = re.compile(_DATE, re.IGNORECASE)
# The same at the start of a line. A formula that joins cells turns the date into the number of a day, from 1998 to
# 2050.
_STARTS_WITH_DATE: Final = re.compile(
    rf"(?:(?:flat|apartment|apt|unit|room|no)\.? )?(?:{_DATE}|(?:3[6-9]|4[0-9]|5[0-4])[0-9]{{3}})(?= |$)",
    re.IGNORECASE,
)
_LONGEST: Final = 20  # a longer text is not one of the words


def is_nothing(text: str, *, answers: bool) -> bool:
    # If an answer is expected, a word such as "None" is a value.
    if _ZERO_DATE.fullmatch(text):
        return True
    if len(text) > _LONGEST:
        return False
    word = text.casefold()
    return word in _PROGRAMS or (word in _PEOPLE and not answers) or _DASHES.fullmatch(word) is not None


def is_to_come(text: str) -> bool:
    if is_nothing(text, answers=False):
        return True
    word = text.casefold() if len(text) <= _LONGEST else ""
    return word in _TO_COME or _TO_COME_FORM.fullmatch(word) is not None


def is_error(text: str) -> CellCode | None:
    if _ERROR.fullmatch(text):
        return CellCode.ERROR_VALUE
    if _HASHES.fullmatch(text):
        return CellCode.COLUMN_TOO_NARROW
    return CellCode.CHARACTERS_LOST if _QUESTION_MARKS.fullmatch(text) else None


def was_made_a_date(text: str) -> bool:
    """Return True if the text looks like a date that a spreadsheet made from a value such as `1/2`."""
    return len(text) <= _LONGEST and _MADE_A_DATE.fullmatch(text) is not None


def without_made_date(text: str) -> str:
    """Remove a date that a spreadsheet made from a house or flat number.

    `02-Jan Tower Road` gives `Tower Road`.
    """
    made = _STARTS_WITH_DATE.match(text)
    return text[made.end() :].strip() if made else text


def is_no_date(text: str) -> bool:
    return text == "0" or is_nothing(text, answers=False)


def is_placeholder_date(text: str) -> bool:
    return _PLACEHOLDER_DATE.fullmatch(text) is not None
