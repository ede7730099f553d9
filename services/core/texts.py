"""Types for short texts that people write about a case. No text may hold a telephone number.

A case already has the number of its line. An error names the fault and the remedy, and never repeats the text.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

LABEL_LENGTH = 100
NOTE_LENGTH = 500

# Dates and times are removed before digits are counted: `2026-12-03 10:30` has more than nine digits.
_DATE_OR_TIME = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})\b|\b\d{1,2}:\d{2}\b")
_GAP = r"[\s().\-/\u2010-\u2015]*"
_ANY_NUMBER = re.compile(rf"(?:\d{_GAP}){{9,}}")
# Only numbers that can be dialled in the United Kingdom.
_UK_NUMBER = re.compile(rf"(?<!\w)(?:(?:\+|00){_GAP}4{_GAP}4{_GAP}|0)[1-35789]{_GAP}(?:\d{_GAP}){{8,9}}(?!\w)")
# Names of software and placeholders. They are refused, because a person must answer for an act.
_NOBODY = frozenset({"system", "pullcord", "automatic", "automated", "unknown", "nobody", "none"})


def has_telephone_number(text: str) -> bool:
    """Return True if the text holds nine or more digits in a row, as in a telephone number.

    Blanks, hyphens and the like between the digits are ignored. The digits of dates and times do not count.
    """
    return _ANY_NUMBER.search(_DATE_OR_TIME.sub("*", text)) is not None


def _without_number(text: str) -> str:
    if has_telephone_number(text):
        raise ValueError("holds something like a telephone number: leave it out, the case already knows its line")
    return text


def _reference(text: str) -> str:
    # References may be long numbers too, so only a number that can be dialled in the UK is refused.
    if _UK_NUMBER.search(text):
        raise ValueError("looks like a telephone number: give the reference the provider uses for its own records")
    return text


def _person(text: str) -> str:
    if sum(letter.isalpha() for letter in text) < 2:  # noqa: PLR2004 - the shortest names have two letters
        raise ValueError("is no name: give the name of the person, at least two letters")
    if text.casefold() in _NOBODY:
        raise ValueError("is no person: give the name of the person who did it")
    return _without_number(text)


# A name for a thing, up to 100 characters.
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LABEL_LENGTH),
    AfterValidator(_without_number),
]

# A remark in plain words, up to 500 characters.
Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NOTE_LENGTH),
    AfterValidator(_without_number),
]

# Another organisation's reference, up to 100 characters. It may have many digits, but must not be a UK number.
Reference = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LABEL_LENGTH), AfterValidator(_reference)
]

# The name of the person who acted. An act without a person's name stops no alert.
PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=LABEL_LENGTH), AfterValidator(_person)
]


class Closed(BaseModel):
    """Base class of immutable models that refuse unknown fields and keep their input out of error messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
