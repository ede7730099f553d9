"""All functions are pure."""
# The list of words is our own choice.

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from importlib import resources
from typing import Final

from schemas.codes import Connection, MigrationKind, NoticeStatus, RestrictionKind, Scope, ServiceStatus, TargetService

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_DATA: Final = tomllib.loads(resources.files("services.ingest.files").joinpath("words.toml").read_text("utf-8"))
_ENUMS: Final[dict[str, type[StrEnum]]] = {
    "service_status": ServiceStatus,
    "connection": Connection,
    "migration_kind": MigrationKind,
    "target_service": TargetService,
    "status": NoticeStatus,
    "scope": Scope,
    "restriction_kind": RestrictionKind,
}

# Fields whose value is one of a closed set of codes.
CODED_FIELDS: Final = frozenset(_ENUMS)

_YES: Final = frozenset(("y", "yes", "true", "t", "1", "x", "ticked"))
_NO: Final = frozenset(("n", "no", "false", "f", "0"))


def read_yes_no(text: str) -> bool | None:
    """Return None if the text means neither yes nor no."""
    # An empty or unknown text gives None: a missing answer does not mean "no".
    word = word_key(text)
    if word in _YES:
        return True
    return False if word in _NO else None


def read_code(field: str, text: str) -> str | None:
    """Raises KeyError if `field` is not in `CODED_FIELDS`."""
    return _CODES[field].get(word_key(text))


def word_key(text: str) -> str:
    return _NOT_LETTERS.sub("", text.casefold())


def _codes(field: str, codes: type[StrEnum]) -> dict[str, str]:
    words: dict[str, list[str]] = _DATA["codes"][field]
    by_word = {word_key(word): codes(code).value for code, synonyms in words.items() for word in synonyms}
    # "not known", "n/k" and the like mean a code only in fields that have the code "unknown".
    if "UNKNOWN" in codes.__members__:
        by_word |= {word_key(word): "unknown" for word in _DATA["unknown"]}
    # Last, so that no synonym can take the place of a code.
    return by_word | {word_key(code.value): code.value for code in codes}


_CODES: Final = {field: _codes(field, codes) for field, codes in _ENUMS.items()}
