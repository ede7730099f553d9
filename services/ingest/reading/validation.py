"""Checks a row against its schema and keeps the sound part of it.

A fault in a minor field costs only that field: it is left out, with a warning. A fault in a field that decides who is
affected, or when, refuses the row, with a reason and a remedy for the sender.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from services.ingest.reading.outcomes import Issue

Model = TypeVar("Model", bound=BaseModel)

# A fault in one of these fields refuses the row. A row with any other fault is kept without that field.
DECISIVE: dict[type[BaseModel], frozenset[str]] = {
    MigrationNotice: frozenset(
        [
            "id",
            "provider_id",
            "provider_reference",
            "supersedes",
            "scope",
            "status",
            "planned_migration_date",
            "restriction_start_date",
            "issued_at",
        ]
    ),
    RegisterEntry: frozenset({"entry_id", "updated_at", "service_status"}),
}

# Only a name of this form is repeated to the sender: a key with more digits may be somebody's telephone number.
_PLAIN_WORD = re.compile(r"[A-Za-z_]{1,60}(?:[0-9]{1,2}[A-Za-z_]{0,20}){0,2}")

# Fields that no notice and no entry may carry: special category data, and anything that identifies a person.
NEVER_KEPT = frozenset(
    [
        "name",
        "first_name",
        "last_name",
        "surname",
        "customer_name",
        "account_number",
        "reason_for_need",
        "date_of_birth",
        "dob",
        "nhs_number",
        "diagnosis",
        "key_safe_code",
        "key_safe",
    ]
)


# Unknown fields that are named for each row [P]. The others are counted: an answer grows no faster than a body.
_NAMED: Final = 100
# Items of a list that are checked: more than any field can hold, so a longer list is still too long.
_LONGEST_LIST: Final = 2_001


def validate(model: type[Model], raw: Mapping[str, Any]) -> tuple[Model | None, tuple[Issue, ...]]:
    """Return the row as its model, without faulty minor fields, or None if it is refused; with its issues."""
    # Pydantic would make an error of each unknown field, and of each item of a list.
    known = {field: _cut(value) for field, value in raw.items() if field in model.model_fields}
    unknown = _unknown_fields([field for field in raw if field not in known]) if len(known) < len(raw) else ()
    try:
        return model.model_validate(known), unknown
    except ValidationError as error:
        faults = _faults(error)
    if any(field in DECISIVE[model] for field in faults):
        return None, (*(_issue(field, kind, refused=True) for field, kind in faults.items()), *unknown)
    # A second pass without the faulty fields: they may have been required, or hidden another fault.
    kept = {field: value for field, value in known.items() if field not in faults}
    try:
        mended = model.model_validate(kept)
    except ValidationError as error:
        return None, tuple(_issue(field, kind, refused=True) for field, kind in _faults(error).items())
    return mended, (*(_issue(field, kind, refused=False) for field, kind in faults.items()), *unknown)


def _cut(value: Any) -> Any:
    return value[:_LONGEST_LIST] if isinstance(value, list) else value


def _unknown_fields(fields: Sequence[str]) -> tuple[Issue, ...]:
    named = [_unknown_field(_shown(field)) for field in fields[:_NAMED]]
    left = len(fields) - _NAMED
    return (*named, _more_unknown_fields(left)) if left > 0 else tuple(named)


def _more_unknown_fields(count: int) -> Issue:
    fields = "field is" if count == 1 else "fields are"
    remedy = "Check that the rows are notices or register entries."
    return Issue("row", "unknown_field", f"And {count:,} more {fields} not known. Nothing of that was kept.", remedy)


def _faults(error: ValidationError) -> dict[str, str]:
    # The first fault of each top-level field, as pydantic's error type. Pydantic's text and input could quote a value.
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        field = str(fault["loc"][0]) if fault["loc"] else "row"
        faults.setdefault(field, fault["type"])
    return faults


def _issue(field: str, kind: str, *, refused: bool) -> Issue:
    shown = _shown(field)
    reason, remedy = _EXPLAINED.get(kind, _FORM)
    outcome = "" if refused else " The row was kept without it."
    return Issue(shown, kind, reason + outcome, remedy)


def _shown(field: str) -> str:
    return field if _PLAIN_WORD.fullmatch(field) else "row"


def _unknown_field(field: str) -> Issue:
    if field.lower() in NEVER_KEPT:
        return Issue(field, "never_kept", "This must not be shared. It was not kept.", "Leave it out of what you send.")
    return Issue(
        field, "unknown_field", "There is no such field. It was not kept.", "Check the spelling or leave it out."
    )


_FORM = ("The value is not of the form this field takes.", "See the field's description.")
_MISSING = ("The field is missing.", "Add it and send the row again.")
_DATE = ("This is not a date.", "Write the date as YYYY-MM-DD.")
_TIME = ("This is not a time with its offset.", "Write the time as 2026-12-03T09:00:00Z.")
_CODE = ("This is not one of the codes this field takes.", "Use one of the codes in the field's description.")
_BOOL = ("This is neither true nor false.", "Write true or false.")
_ROW = ("This is not an object with fields.", "Send each row as an object with the fields of the description.")
# Reason and remedy by pydantic's error type; a type that is not listed gets `_FORM`.
_EXPLAINED = {
    "missing": _MISSING,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": _TIME,
    "datetime_out_of_range": (
        "The time is not between the years 1900 and 2999.",
        "Check the year and send the row again.",
    ),
    "enum": _CODE,
    "literal_error": _CODE,
    "bool_parsing": _BOOL,
    "bool_type": _BOOL,
    "string_type": ("This is not text.", "Write the value as text, in quotation marks."),
    "string_too_short": ("The field is empty.", "Fill it in and send the row again."),
    "string_too_long": ("The value is longer than the field can be.", "Shorten it."),
    "string_pattern_mismatch": _FORM,
    "string_unicode": ("The value holds characters that are not valid text.", "Send the file as UTF-8."),
    "tuple_type": ("This is not a list.", "Write the values as a list."),
    "too_long": ("There are more values than the field can hold.", "Send fewer values, or several rows."),
    "model_type": _ROW,
    "model_attributes_type": _ROW,
}
