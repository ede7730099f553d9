"""All functions are pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Dates and times are set aside before digits are counted: `2026-12-03 10:30` has more than nine digits.
# Only real days and times count: `32/96/0123` is a part of a number.
_DAY: Final = r"(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_DATE_OR_TIME: Final = re.compile(
    rf"\b(?:19|20)\d\d-{_MONTH}-{_DAY}\b|\b{_DAY}/{_MONTH}/(?:(?:19|20)\d\d|\d\d)\b|\b(?:[01]?\d|2[0-3]):[0-5]\d\b"
)
# A letter, because no sign of it may stand between the digits of a number.
_SET_ASIDE: Final = "x"

# Lists such as `12, 14, 16, 18 and 20` are no number, so these signs end a run of digits.
_GAP: Final = r"(?:[^\w,;:&]|_)*"
_ANY_NUMBER: Final = re.compile(rf"(?:\d{_GAP}){{9,}}")
# Each run of signs becomes one blank, so that the pattern below looks at each character a few times only.
_SIGNS: Final = re.compile(r"[\W_]+")
# A number that can be dialled in the United Kingdom, with at most a blank between its digits.
_UK_NUMBER: Final = re.compile(r"(?<!\d)(?:(?:0 ?0 ?)?4 ?4 ?(?:0 ?)?|0 ?)[1-35789](?: ?\d){8,9}(?!\d)")
# The letters O, I and L, and those of other alphabets that look alike, typed for 0 and 1.
_LOOK_ALIKE: Final = {**dict.fromkeys("OoΟοОо", "0"), **dict.fromkeys("IiLlΙІ", "1")}  # noqa: RUF001
# Beside another letter they are a part of a word: `PO1234567890`.
_LETTER_DIGITS: Final = re.compile(rf"(?<![^\W\d_])[{''.join(_LOOK_ALIKE)}]+(?![^\W\d_])")
_AS_DIGITS: Final = str.maketrans(_LOOK_ALIKE)


def has_telephone_number(text: str) -> bool:
    """Return True if the text has a UK number or a run of nine digits. Dates and times do not count."""
    plain = _DATE_OR_TIME.sub(_SET_ASIDE, _plain(text))
    return _ANY_NUMBER.search(plain) is not None or _holds_uk_number(plain)


def has_uk_number(text: str) -> bool:
    return _holds_uk_number(_plain(text))


def _holds_uk_number(plain: str) -> bool:
    return _UK_NUMBER.search(_SIGNS.sub(" ", _read_letters(plain))) is not None


def _plain(text: str) -> str:
    if text.isascii():
        return text
    # Full-width digits, digits in circles and invisible signs between digits would hide a number.
    shown = unicodedata.normalize("NFKC", text)
    return "".join(_digit(sign) for sign in shown if unicodedata.category(sign) not in {"Cf", "Mn", "Me"})


def _digit(sign: str) -> str:
    # Digits of every script, and those in circles, as the digits 0 to 9.
    value = unicodedata.digit(sign, None)
    return sign if value is None else str(value)


def _read_letters(text: str) -> str:
    return _LETTER_DIGITS.sub(lambda run: run[0].translate(_AS_DIGITS), text)
