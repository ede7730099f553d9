from __future__ import annotations

import re
from typing import Final

from services.ingest.reading.column_names import CONTACT_DETAILS, CONTACT_PEOPLE, RESIDENT_WORDS
from services.ingest.reading.spreadsheets.heading_forms import plain_letters

# Also splits "ContactTel" and "NOKPhone2".
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_TWO_WORDS: Final = re.compile(r"(key|care)[ _-](holder|giver)", re.IGNORECASE)


def is_about_a_contact(heading: str) -> bool:
    return _about_a_contact(_words(heading))


def is_a_contacts(heading: str) -> bool:
    """Return True if the heading names a detail of a contact, such as "NOK phone".

    "Next of kin" alone gives False.
    """
    words = _words(heading)
    has_details = not words.isdisjoint(CONTACT_DETAILS) or any(map(str.isdecimal, words))
    return has_details and _about_a_contact(words)


def may_be_a_contacts(heading: str) -> bool:
    # A "Contact number" may be the resident's own.
    return _words(heading) & CONTACT_PEOPLE == {"contact"}


def is_the_residents(heading: str) -> bool:
    return not _words(heading).isdisjoint(RESIDENT_WORDS)


def _about_a_contact(words: frozenset[str]) -> bool:
    people = words & CONTACT_PEOPLE
    # "Resident contact number" is the resident's own.
    own = people == {"contact"} and not words.isdisjoint(RESIDENT_WORDS) and "emergency" not in words
    return bool(people) and not own


def _words(heading: str) -> frozenset[str]:
    found = [word.casefold() for word in _WORDS.findall(plain_letters(_TWO_WORDS.sub(r"\1\2", heading)))]
    # "nokphone" is written as one word.
    return frozenset("nok" if word.startswith("nok") else word for word in found)
