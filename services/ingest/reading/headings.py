"""Recognises a heading as a field or as a column that is never kept. Pure."""

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
from services.ingest.reading.spreadsheets.contact_words import is_a_contacts

# Takes the place of a field in the claim of a column that must never be kept.
FORBIDDEN: Final = "never kept"

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NUMBERED = re.compile(r"(?P<base>.*?[a-z])(?P<number>\d{1,2})")
# Characters a heading needs before one or two typing errors are forgiven. In a shorter one an error makes another word.
_ONE_ERROR_FROM = 7
_TWO_ERRORS_FROM = 14
_LONGEST = 200  # characters of a heading


@dataclass(frozen=True, slots=True)
class Claim:
    """The field that a heading stands for, and the quality of the match (a lower `rank` is better)."""

    EXACT: ClassVar[int] = 0
    SYNONYM: ClassVar[int] = 1
    NEAR: ClassVar[int] = 2

    field: str
    rank: int
    number: int | None = None  # the 2 of "Address 2"


def claim_of(heading: str, kind: RecordKind, *, near: bool = True) -> Claim | None:
    """Return the claim of a heading in a file of this kind, or None if the heading is unknown.

    With `near`, one or two typing errors are forgiven.
    """
    # What follows is not meant for long texts.
    if len(heading) > _LONGEST:
        return None
    # The whole text first, then without "(...)" and "[...]", which often hold a unit or a hint.
    texts = dict.fromkeys((heading, _BRACKETS.sub(" ", heading)))
    for text in texts:
        key = heading_key(text)
        # `_near` comes last: a heading that must never be kept is not read as a misspelt field.
        known = (_exact(key, kind) or _numbered(key, kind)) if key else None
        if known is None and is_a_contacts(text):
            known = Claim(FORBIDDEN, Claim.SYNONYM)
        if key and (claim := known or _never_kept(key, kind) or (_near(key, kind) if near else None)):
            return claim
    return None


def names_a_flat(heading: str) -> bool:
    # A bare "3" in such a column is a flat, not a house number.
    return heading_key(heading) in _keys(tuple(FLAT_NAMES))


def names_whole_address(heading: str) -> bool:
    return heading_key(heading) in _keys(tuple(WHOLE_ADDRESS_NAMES))


def _exact(key: str, kind: RecordKind) -> Claim | None:
    return _claims(kind).get(key)


def _numbered(key: str, kind: RecordKind) -> Claim | None:
    match = _NUMBERED.fullmatch(key)
    claim = _claims(kind).get(match["base"]) if match else None
    # A number makes no sense on a field that one column feeds: "UPRN 2" stays unknown.
    if match is None or claim is None or claim.field not in MANY_COLUMNS | {FORBIDDEN}:
        return None
    return Claim(claim.field, Claim.SYNONYM, int(match["number"]))


def _never_kept(key: str, _kind: RecordKind) -> Claim | None:
    # "telecarerecord" holds the letters of "carer", which are on the list.
    letters = key.replace("telecare", "")
    return Claim(FORBIDDEN, Claim.SYNONYM) if any(part in letters for part in FORBIDDEN_PARTS) else None


def _near(key: str, kind: RecordKind) -> Claim | None:
    errors = (len(key) >= _ONE_ERROR_FROM) + (len(key) >= _TWO_ERRORS_FROM)
    if not errors:
        return None
    claims = _claims(kind)
    found = process.extract(key, claims.keys(), scorer=OSA.distance, score_cutoff=errors, limit=None)
    # Digits must agree: "Address 3" is no misspelling of "Address 2".
    digits = re.sub(r"\D", "", key)
    near = [(distance, claims[known].field) for known, distance, _ in found if re.sub(r"\D", "", known) == digits]
    nearest = {name for distance, name in near if distance == min(near)[0]}
    # Two fields at the same distance are a guess, and a guess would put values into the wrong field.
    return Claim(nearest.pop(), Claim.NEAR) if len(nearest) == 1 else None


@cache
def _claims(kind: RecordKind) -> dict[str, Claim]:
    # Later entries win: a synonym over a forbidden heading, and a field's own name over both.
    claims = {heading_key(name): Claim(FORBIDDEN, Claim.SYNONYM) for name in FORBIDDEN_NAMES}
    for name, synonyms in FIELD_NAMES[kind].items():
        claims |= {heading_key(synonym): Claim(name, Claim.SYNONYM) for synonym in synonyms}
    return claims | {heading_key(name): Claim(name, Claim.EXACT) for name in FIELD_NAMES[kind]}


@cache
def _keys(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(heading_key, names))


def heading_key(text: str) -> str:
    # Letters and digits only: "Customer's Post-code" and "customer postcode" are the same heading.
    plain = unicodedata.normalize("NFKC", text).casefold().replace("&", "and")
    return _NOT_LETTERS.sub("", _POSSESSIVE.sub("", plain))
