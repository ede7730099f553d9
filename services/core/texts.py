import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from services.core.hidden_numbers import has_telephone_number, has_uk_number

LABEL_LENGTH = 100
NOTE_LENGTH = 500

# Signs that only direct or hide text, and controls. Shown to a reader, they turn a text into another.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Signs that some scripts need between letters of a name.
_JOINERS = frozenset("\u200c\u200d")
_LINE_ENDS = frozenset("\t\n\r")
# Names of software and placeholders. They are refused, because a person must answer for an act.
_NOBODY = frozenset({"system", "pullcord", "automatic", "automated", "unknown", "nobody", "none"})


def _without_number(text: str) -> str:
    if has_telephone_number(text):
        raise ValueError("holds something like a telephone number: leave it out, the case already knows its line")
    return text


def _without_hidden(text: str, allowed: frozenset[str]) -> str:
    if any(unicodedata.category(sign) in _HIDDEN and sign not in allowed for sign in text):
        raise ValueError("holds a control or direction sign that nobody can see: type it again")
    return text


def _one_line(text: str) -> str:
    return _without_hidden(text, _JOINERS)


def _several_lines(text: str) -> str:
    return _without_hidden(text, _JOINERS | _LINE_ENDS)


def _reference(text: str) -> str:
    # References may be long numbers too, so only a number that can be dialled in the UK is refused.
    if has_uk_number(text):
        raise ValueError("looks like a telephone number: give the reference the provider uses for its own records")
    return _without_hidden(text, frozenset())


def _person(text: str) -> str:
    if sum(letter.isalpha() for letter in text) < 2:  # noqa: PLR2004 - the shortest names have two letters
        raise ValueError("is no name: give the name of the person, at least two letters")
    if text.casefold() in _NOBODY:
        raise ValueError("is no person: give the name of the person who did it")
    return _one_line(_without_number(text))


# A name for a thing, up to 100 characters.
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LABEL_LENGTH),
    AfterValidator(_without_number),
    AfterValidator(_one_line),
]

# A remark in plain words, up to 500 characters.
Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NOTE_LENGTH),
    AfterValidator(_without_number),
    AfterValidator(_several_lines),
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
    # Error messages do not show the input, because the input may be personal.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
