# A row is refused only for a fault in a field of `DECISIVE`.

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from enum import EnumMeta
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from schemas.codes import ServiceStatus
from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import is_never_kept
from services.ingest.reading.outcomes import KEPT_WITHOUT, Issue

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
    RegisterEntry: frozenset({"entry_id", "updated_at"}),
}
# The values that replace a faulty value. An entry is never lost because of its status: it counts as in service.
_STAND_INS: Final[dict[str, object]] = {"service_status": ServiceStatus.UNKNOWN}

# Only a name of this form is repeated to the sender: a key with more digits may be somebody's telephone number.
_PLAIN_WORD = re.compile(r"[A-Za-z_]{1,60}(?:[0-9]{1,2}[A-Za-z_]{0,20}){0,2}")


# Unknown fields that are named for each row [P]. The others are counted, so an answer grows no faster than the body
# that it answers.
_NAMED: Final = 100
# Items of a list that are checked: one more than the longest field holds, so a longer list is still too long.
_LONGEST_LIST: Final = 2_001


def validate(model: type[Model], raw: Mapping[str, Any]) -> tuple[Model | None, tuple[Issue, ...]]:
    """The model is None if the row is refused."""
    # Pydantic would make an error of each unknown field, and of each item of a list.
    known = {field: _cut(value) for field, value in raw.items() if field in model.model_fields}
    unknown = [field for field in raw if field not in known] if len(known) < len(raw) else []
    try:
        return model.model_validate(known), _issues(model, {}, unknown, refused=False)
    except ValidationError as error:
        faults = _faults(error)
    if any(field in DECISIVE[model] for field in faults):
        return None, _issues(model, faults, unknown, refused=True)
    # A second pass without the faulty fields: they may have been required, or hidden another fault.
    kept = {field: value for field, value in known.items() if field not in faults}
    kept |= {field: value for field, value in _STAND_INS.items() if field in faults}
    try:
        mended = model.model_validate(kept)
    except ValidationError as error:
        return None, _issues(model, _faults(error), unknown, refused=True)
    return mended, _issues(model, faults, unknown, refused=False)


def repeated_keys(names: Collection[str]) -> tuple[Issue, ...]:
    shown = sorted({_shown(name) for name in names})
    return tuple(Issue(name, "duplicate_key", *_TWICE) for name in shown)


def _issues(
    model: type[BaseModel], faults: Mapping[str, str], unknown: Sequence[str], *, refused: bool
) -> tuple[Issue, ...]:
    found = (_issue(model, field, kind, refused=refused) for field, kind in faults.items())
    return (*found, *_unknown_fields(model, unknown, refused=refused))


def _cut(value: Any) -> Any:
    return value[:_LONGEST_LIST] if isinstance(value, list) else value


def _unknown_fields(model: type[BaseModel], fields: Sequence[str], *, refused: bool) -> tuple[Issue, ...]:
    named = [_unknown_field(model, _shown(field), refused=refused) for field in fields[:_NAMED]]
    left = len(fields) - _NAMED
    return (*named, _more_unknown_fields(left, refused=refused)) if left > 0 else tuple(named)


def _more_unknown_fields(count: int, *, refused: bool) -> Issue:
    fields = "field is" if count == 1 else "fields are"
    outcome = "" if refused else " Nothing of that was kept."
    remedy = "Check that the rows are notices or register entries."
    return Issue("row", "unknown_field", f"And {count:,} more {fields} not known.{outcome}", remedy)


def _faults(error: ValidationError) -> dict[str, str]:
    # The first fault of each top-level field, as pydantic's error type. Pydantic's text and input could quote a value.
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        field = str(fault["loc"][0]) if fault["loc"] else "row"
        faults.setdefault(field, fault["type"])
    return faults


def _issue(model: type[BaseModel], field: str, kind: str, *, refused: bool) -> Issue:
    shown = _shown(field)
    if field == "service_status":
        reason = "This is not one of the codes of a status, so the service counts as in service."
        return Issue(field, "unknown_status", reason, _codes_of(model, field) + _MAPPED)
    reason, remedy = _EXPLAINED.get(kind, _FORM)
    outcome = "" if refused else f" {KEPT_WITHOUT}"
    if remedy is _CODE[1]:
        remedy = _codes_of(model, field) + (_MAPPED if field == "status" else "")
    return Issue(shown, kind, reason + outcome, remedy)


def _shown(field: str) -> str:
    return field if _PLAIN_WORD.fullmatch(field) else "row"


def _codes_of(model: type[BaseModel], field: str) -> str:
    info = model.model_fields[field]
    kinds = (kind for kind in (info.annotation, *get_args(info.annotation)) if isinstance(kind, EnumMeta))
    codes = ", ".join(name for kind in kinds for name in _values(kind))
    empty = f"or leave it empty, which means {info.default}" if info.default else "or leave it empty"
    return f"Use one of {codes}, {empty}."


def _values(kind: EnumMeta) -> list[str]:
    members: list[Any] = list(kind)
    return [member.value for member in members]


def _unknown_field(model: type[BaseModel], field: str, *, refused: bool) -> Issue:
    outcome = "" if refused else " It was not kept."
    kind = RecordKind.NOTICE if model is MigrationNotice else RecordKind.ENTRY
    if is_never_kept(field, kind):
        return Issue(field, "never_kept", f"This must not be shared.{outcome}", "Leave it out of what you send.")
    return Issue(field, "unknown_field", f"There is no such field.{outcome}", "Check the spelling or leave it out.")


_MAPPED: Final = (
    " A word of your own in a file is mapped once with `status=Word=code` (`--status` on the command line)."
)
_TWICE = (
    "The key stands twice in this row, so which value is meant is uncertain.",
    "Send the row again with the key once.",
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
