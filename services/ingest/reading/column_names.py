"""Reads `column_names.toml`."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Final

from services.ingest.reading.drafts import RecordKind

_DATA: Final = tomllib.loads(
    resources.files("services.ingest.reading").joinpath("column_names.toml").read_text("utf-8")
)

# Field to the headings it is known by, besides its own name. Both kinds of record share the table `where`.
FIELD_NAMES: Final[dict[RecordKind, dict[str, list[str]]]] = {kind: _DATA["where"] | _DATA[kind] for kind in RecordKind}

# Headings of columns that are never kept: names, dates of birth, diagnoses, key-safe codes, and anything else that
# identifies a person or gives the reason for telecare.
FORBIDDEN_NAMES: Final[dict[RecordKind, list[str]]] = {
    RecordKind.ENTRY: _DATA["never_kept"]["headings"],
    RecordKind.NOTICE: [*_DATA["never_kept"]["headings"], *_DATA["never_kept"]["in_notices"]],
}

# Letters that mark an otherwise unknown heading as never kept when they occur anywhere in it.
FORBIDDEN_PARTS: Final[list[str]] = _DATA["never_kept"]["parts"]

# Words for the people around a resident, and for what a list says of them: "NOK phone", "Contact 1 Tel".
CONTACT_PEOPLE: Final[frozenset[str]] = frozenset(_DATA["never_kept"]["contact_people"])
CONTACT_DETAILS: Final[frozenset[str]] = frozenset(_DATA["never_kept"]["contact_details"])

# Words that make a "contact number" the resident's own.
RESIDENT_WORDS: Final[frozenset[str]] = frozenset(_DATA["never_kept"]["resident_words"])

# Headings of `address_lines` under which a bare "3" or "B" means Flat 3 or Flat B.
FLAT_NAMES: Final[list[str]] = _DATA["address"]["flat"]

# Headings of `address_lines` for columns that hold a whole address in one cell.
WHOLE_ADDRESS_NAMES: Final[list[str]] = _DATA["address"]["whole"]

# Fields that several columns may feed.
MANY_COLUMNS: Final = frozenset({"cli", "address_lines", "area_codes"})

# Fields whose value is a list of texts.
LISTS: Final = frozenset({"address_lines", "area_codes", "communication_needs", "supported_journey_codes"})

# A file needs at least one column of each group, or none of its rows can be used.
REQUIRED: Final[dict[RecordKind, tuple[tuple[str, ...], ...]]] = {
    RecordKind.ENTRY: (("entry_id",), ("cli", "uprn", "postcode", "address_lines")),
    RecordKind.NOTICE: (
        ("id", "provider_reference"),
        ("cli", "uprn", "postcode", "address_lines", "area_codes", "exchange"),
    ),
}
