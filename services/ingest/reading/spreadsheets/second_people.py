"""All functions are pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from services.ingest.reading.headings import FORBIDDEN, Meaning, heading_key
from services.ingest.reading.spreadsheets.contact_words import (
    is_a_contacts,
    is_about_a_contact,
    is_the_residents,
    may_be_a_contacts,
)

# The fields in which a contact's value would be taken for the resident's.
_WHERE: Final = frozenset({"cli", "uprn", "postcode", "address_lines", "post_town"})
# "Tel No.1" is what data tools make of a second "Tel No".
_COPY: Final = re.compile(r"(?P<first>.+)\.\d{1,2}")


def repeated_columns(headings: Sequence[str], meanings: Mapping[int, Meaning]) -> dict[int, int]:
    """Map each repeated column to the first column with the same heading or address line."""
    first: dict[str, int] = {}
    repeated = _same_lines(meanings)
    for index, heading in enumerate(headings):
        copy = _COPY.fullmatch(heading)
        at = first.get(heading_key(copy["first"])) if copy else None
        if at is None:
            at = first.setdefault(heading_key(heading), index)
        if at != index and heading:
            repeated[index] = at
    return repeated


def _same_lines(meanings: Mapping[int, Meaning]) -> dict[int, int]:
    # The columns of a line of the address that another column has already.
    numbers = {at: one.number for at, one in sorted(meanings.items()) if one.field == "address_lines" and one.number}
    first: dict[int, int] = {}
    for at, number in numbers.items():
        first.setdefault(number, at)
    return {at: first[number] for at, number in numbers.items() if first[number] != at}


def contact_columns(headings: Sequence[str], meanings: Mapping[int, Meaning]) -> set[int]:
    found = {at for at, meaning in meanings.items() if meaning.field in _WHERE and is_a_contacts(headings[at])}
    doubtful = {at for at in found if may_be_a_contacts(headings[at]) and meanings[at].field == "cli"}
    # "Contact number" is the resident's if the file has no other number and no contact.
    own = any(meaning.field == "cli" and at not in found for at, meaning in meanings.items())
    if not own and not any(_starts_a_block(headings[at], meaning) for at, meaning in meanings.items()):
        found -= doubtful
    known = {**meanings, **dict.fromkeys(found, Meaning(FORBIDDEN, Meaning.SYNONYM))}
    return found | _after_a_contact(headings, known)


def _after_a_contact(headings: Sequence[str], meanings: Mapping[int, Meaning]) -> set[int]:
    # A contact's columns follow the contact's name, and the resident's own stand before it.
    found: dict[int, str] = {}
    own: set[tuple[str, int | None]] = set()
    has_contact = False
    for at, meaning in sorted(meanings.items()):
        has_contact = has_contact or _starts_a_block(headings[at], meaning)
        if meaning.field not in _WHERE:
            continue
        is_own = is_the_residents(headings[at]) or _goes_on(meaning, own, found.values())
        if has_contact and not is_own and any(name == meaning.field for name, _ in own):
            found[at] = meaning.field
        else:
            own.add((meaning.field, meaning.number))
    return set(found)


def _goes_on(meaning: Meaning, own: AbstractSet[tuple[str, int | None]], contacts: Collection[str]) -> bool:
    # "Tel 2" goes on from "Tel 1", wherever it stands, unless a contact's number stands between them.
    return meaning.number is not None and (meaning.field, meaning.number - 1) in own and meaning.field not in contacts


def _starts_a_block(heading: str, meaning: Meaning) -> bool:
    return meaning.field == FORBIDDEN and is_about_a_contact(heading)
