"""The fields, the headings they are known by, and those of columns that must never be kept (`column_names.toml`)."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Final

from services.ingest.reading.drafts import RecordKind

_DATA: Final = tomllib.loads(
    resources.files("services.ingest.reading").joinpath("column_names.toml").read_text("utf-8")
)

FIELD_NAMES: Final[dict[RecordKind, dict[str, list[str]]]] = {kind: _DATA["where"] | _DATA[kind] for kind in RecordKind}
"""Field to the headings it is known by, beside its own name."""

FORBIDDEN_NAMES: Final[list[str]] = _DATA["never_kept"]["headings"]
"""Headings of columns that are never kept: names, dates of birth, diagnoses, key-safe codes, and what else tells who a
person is or why."""

FORBIDDEN_PARTS: Final[list[str]] = _DATA["never_kept"]["parts"]
"""Letters within a heading, unknown as a whole, that mark it as never kept."""

FLAT_NAMES: Final[list[str]] = _DATA["address"]["flat"]
"""Those of `address_lines` under which a bare "3" or "B" means Flat 3 or Flat B."""

WHOLE_ADDRESS_NAMES: Final[list[str]] = _DATA["address"]["whole"]
"""Those of `address_lines` under which a whole address stands."""

MANY_COLUMNS: Final = frozenset({"cli", "address_lines", "area_codes"})
"""Fields that several columns may feed."""

LISTS: Final = frozenset({"address_lines", "area_codes", "communication_needs", "supported_journey_codes"})
"""Fields whose value is a list of texts."""

REQUIRED: Final[dict[RecordKind, tuple[tuple[str, ...], ...]]] = {
    RecordKind.ENTRY: (("entry_id",), ("cli", "uprn", "postcode", "address_lines")),
    RecordKind.NOTICE: (
        ("id", "provider_reference"),
        ("cli", "uprn", "postcode", "address_lines", "area_codes", "exchange"),
    ),
}
"""Of each group at least one column must be there, or no row of the file can be used."""
