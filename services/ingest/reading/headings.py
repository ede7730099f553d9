"""What one heading means: a field, a column never kept, or nothing known. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from services.ingest.reading.column_names import (
    FIELD_NAMES,
    FLAT_NAMES,
    FORBIDDEN_NAMES,
    FORBIDDEN_PARTS,
    MANY_COLUMNS,
    WHOLE_ADDRESS_NAMES,
)
from services.ingest.reading.drafts import RecordKind

FORBIDDEN: Final = "never kept"
"""What a column claims that must never be kept."""

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NUMBERED = re.compile(r"(?P<base>.*?[a-z])(?P<number>\d{1,2})")
_ONE_ERROR_FROM = 7
_TWO_ERRORS_FROM = 14
"""How long a heading must be before one or two typing errors are forgiven: a shorter one is another word."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The field a heading claims, and how good the claim is (lower is better)."""

    EXACT: ClassVar[int] = 0
    SYNONYM: ClassVar[int] = 1
    NEAR: ClassVar[int] = 2

    field: str
    rank: int
    number: int | None = None
    """The 2 of "Address 2"."""


def claim_of(heading: str, kind: RecordKind) -> Claim | None:
    """What a heading claims in a file of this kind, or None when it is not known."""
    keys = [key for text in (heading, _BRACKETS.sub(" ", heading)) if (key := _key(text))]
    for key in keys:
        for find in (_exact, _numbered, _never_kept, _near):
            if claim := find(key, kind):
                return claim
    return None


def names_a_flat(heading: str) -> bool:
    """Whether the column holds the flat alone, so that a bare "3" in it is no house number."""
    return _key(heading) in _keys(tuple(FLAT_NAMES))


def names_whole_address(heading: str) -> bool:
    """Whether the column holds whole addresses, so that a second such column may be another place."""
    return _key(heading) in _keys(tuple(WHOLE_ADDRESS_NAMES))


def _exact(key: str, kind: RecordKind) -> Claim | None:
    return _book(kind).get(key)


def _numbered(key: str, kind: RecordKind) -> Claim | None:
    match = _NUMBERED.fullmatch(key)
    claim = _book(kind).get(match["base"]) if match else None
    if match is None or claim is None or claim.field not in MANY_COLUMNS | {FORBIDDEN}:
        return None
    return Claim(claim.field, Claim.SYNONYM, int(match["number"]))


def _never_kept(key: str, _kind: RecordKind) -> Claim | None:
    # The "carer" in "telecare record" is no person.
    letters = key.replace("telecare", "")
    return Claim(FORBIDDEN, Claim.SYNONYM) if any(part in letters for part in FORBIDDEN_PARTS) else None


def _near(key: str, kind: RecordKind) -> Claim | None:
    """A known heading with a typing error, unless two fields are as near."""
    errors = (len(key) >= _ONE_ERROR_FROM) + (len(key) >= _TWO_ERRORS_FROM)
    if not errors:
        return None
    book = _book(kind)
    found = process.extract(key, book.keys(), scorer=OSA.distance, score_cutoff=errors, limit=None)
    digits = re.sub(r"\D", "", key)
    near = [(distance, book[known].field) for known, distance, _ in found if re.sub(r"\D", "", known) == digits]
    nearest = {name for distance, name in near if distance == min(near)[0]}
    return Claim(nearest.pop(), Claim.NEAR) if len(nearest) == 1 else None


@cache
def _book(kind: RecordKind) -> dict[str, Claim]:
    """Every known heading of a kind, by its letters and digits."""
    book = {_key(name): Claim(FORBIDDEN, Claim.SYNONYM) for name in FORBIDDEN_NAMES}
    for name, synonyms in FIELD_NAMES[kind].items():
        book |= {_key(synonym): Claim(name, Claim.SYNONYM) for synonym in synonyms}
    return book | {_key(name): Claim(name, Claim.EXACT) for name in FIELD_NAMES[kind]}


@cache
def _keys(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_key, names))


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("&", "and")
    return _NOT_LETTERS.sub("", _POSSESSIVE.sub("", plain))
