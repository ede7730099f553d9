"""All functions are pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from services.ingest.reading.spreadsheets.heading_forms import loose_key, parts_of, plain_letters, splits_of

# Takes the place of a field in the meaning of a column that must never be kept.
FORBIDDEN: Final = "never kept"

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
# No opening bracket may be inside: the time for a row of brackets would grow with the square of its length.
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NUMBERED = re.compile(r"(?P<base>.*?[a-z])(?P<number>\d{1,2})")
# The characters that a heading needs before one or two typing errors are forgiven. In a shorter heading, an error makes
# another word.
_ONE_ERROR_FROM = 7
_TWO_ERRORS_FROM = 14
_LONGEST = 200  # characters of a heading


@dataclass(frozen=True, slots=True)
class Meaning:
    CHOSEN: ClassVar[int] = -1  # mapped by hand
    EXACT: ClassVar[int] = 0
    SYNONYM: ClassVar[int] = 1
    NEAR: ClassVar[int] = 2

    field: str
    # A lower rank is surer.
    rank: int
    number: int | None = None  # the 2 of "Address 2"


# Takes the place of a field where one key stands for two.
_NO_FIELD = Meaning("", Meaning.NEAR)


def meaning_of(heading: str, kind: RecordKind, *, near: bool = True) -> Meaning | None:
    """If `near` is True, a heading with one or two typing errors is still recognised."""
    # What follows is not meant for long texts.
    if len(heading) > _LONGEST:
        return None
    # The whole text comes first. Then comes the text without "(...)" and "[...]", which often hold a unit or a hint.
    texts = dict.fromkeys((heading, _BRACKETS.sub(" ", heading)))
    for text in texts:
        # `_near` comes last: a heading that must never be kept is not read as a misspelt field.
        meaning = _known(text, kind) or _never_kept(text) or _in_two_languages(text, kind)
        if meaning or (near and (meaning := _near(heading_key(text), kind))):
            return meaning
    return None


def is_never_kept(field: str, kind: RecordKind) -> bool:
    meaning = meaning_of(field, kind, near=False)
    return meaning is not None and meaning.field == FORBIDDEN


def names_a_flat(heading: str) -> bool:
    # A bare "3" in such a column is a flat, not a house number.
    return _is_among(heading, tuple(FLAT_NAMES))


def names_whole_address(heading: str) -> bool:
    return _is_among(heading, tuple(WHOLE_ADDRESS_NAMES))


def _known(text: str, kind: RecordKind) -> Meaning | None:
    key, loose = heading_key(text), loose_key(text)
    return (
        _meanings(kind).get(key)
        or _numbered(key, _meanings(kind))
        or _loose_meanings(kind).get(loose)
        or _numbered(loose, _loose_meanings(kind))
    )


def _numbered(key: str, meanings: Mapping[str, Meaning]) -> Meaning | None:
    match = _NUMBERED.fullmatch(key)
    meaning = meanings.get(match["base"]) if match else None
    # A number makes no sense on a field that one column feeds: "UPRN 2" stays unknown.
    if match is None or meaning is None or meaning.field not in MANY_COLUMNS | {FORBIDDEN}:
        return None
    return Meaning(meaning.field, Meaning.SYNONYM, int(match["number"]))


def _never_kept(text: str) -> Meaning | None:
    # "telecarerecord" holds the letters of "carer", which are on the list.
    letters = heading_key(text).replace("telecare", "")
    forbidden = is_a_contacts(text) or any(part in letters for part in FORBIDDEN_PARTS)
    return Meaning(FORBIDDEN, Meaning.SYNONYM) if forbidden else None


def _in_two_languages(text: str, kind: RecordKind) -> Meaning | None:
    found = {meaning.field: meaning for part in parts_of(text) if (meaning := _known(part, kind))}
    if FORBIDDEN in found:
        return found[FORBIDDEN]
    if len(found) == 1:
        (meaning,) = found.values()
        return Meaning(meaning.field, Meaning.SYNONYM, meaning.number)
    # If no sign stands between the two halves, both must be known as the same field.
    for half, other in splits_of(text):
        # The second half is read only if the first is known, which is seldom the case.
        first = _meanings(kind).get(heading_key(half))
        second = _known(other, kind) if first else None
        if first and second and first.field == second.field:
            return Meaning(first.field, Meaning.SYNONYM, second.number)
    return None


def _near(key: str, kind: RecordKind) -> Meaning | None:
    errors = (len(key) >= _ONE_ERROR_FROM) + (len(key) >= _TWO_ERRORS_FROM)
    if not errors:
        return None
    meanings = _meanings(kind)
    found = process.extract(key, meanings.keys(), scorer=OSA.distance, score_cutoff=errors, limit=None)
    # Digits must agree: "Address 3" is no misspelling of "Address 2".
    digits = re.sub(r"\D", "", key)
    near = [(distance, meanings[known].field) for known, distance, _ in found if re.sub(r"\D", "", known) == digits]
    nearest = {name for distance, name in near if distance == min(near)[0]}
    # Two fields at the same distance are a guess, and a guess would put values into the wrong field.
    return Meaning(nearest.pop(), Meaning.NEAR) if len(nearest) == 1 else None


@cache
def _meanings(kind: RecordKind) -> dict[str, Meaning]:
    # Later entries win: a synonym over a forbidden heading, and a field's own name over both.
    meanings = {heading_key(name): Meaning(FORBIDDEN, Meaning.SYNONYM) for name in FORBIDDEN_NAMES[kind]}
    for name, synonyms in FIELD_NAMES[kind].items():
        meanings |= {heading_key(synonym): Meaning(name, Meaning.SYNONYM) for synonym in synonyms}
    return meanings | {heading_key(name): Meaning(name, Meaning.EXACT) for name in FIELD_NAMES[kind]}


@cache
def _loose_meanings(kind: RecordKind) -> dict[str, Meaning]:
    # The short form of a heading counts only if it stands for one field.
    meanings: dict[str, Meaning] = {}
    for name, synonyms in FIELD_NAMES[kind].items():
        for synonym in synonyms:
            meaning = Meaning(name, Meaning.SYNONYM)
            meanings[loose_key(synonym)] = (
                meaning if meanings.get(loose_key(synonym), meaning) == meaning else _NO_FIELD
            )
    forbidden = {loose_key(name): Meaning(FORBIDDEN, Meaning.SYNONYM) for name in FORBIDDEN_NAMES[kind]}
    return {key: meaning for key, meaning in (forbidden | meanings).items() if meaning is not _NO_FIELD}


def _is_among(heading: str, names: tuple[str, ...]) -> bool:
    return any(heading_key(text) in _keys(names) for text in (heading, *parts_of(heading)))


@cache
def _keys(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(heading_key, names))


def heading_key(text: str) -> str:
    # Letters and digits only: "Customer's Post-code" and "customer postcode" are the same heading.
    plain = plain_letters(text).casefold().replace("&", "and")
    return _NOT_LETTERS.sub("", _POSSESSIVE.sub("", plain))
