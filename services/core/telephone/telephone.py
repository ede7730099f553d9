# The library `phonenumbers` rejects the numbers that Ofcom reserves for drama.

import re
from typing import Final, NamedTuple

from services.core.telephone.telephone_dirt import tidied
from services.core.telephone.telephone_plan import COUNTRY_CODE, is_mobile, national, national_number, without_prefix
from services.core.telephone.telephone_problems import Mend, NumberProblem, describe_number_problem

__all__ = [
    "Mend",
    "NumberProblem",
    "NumberReading",
    "describe_number_problem",
    "is_mobile",
    "national",
    "normalise_number",
    "read_numbers",
]

_SEPARATORS: Final = re.compile(r"[/,;&:\n]")
_TOKEN: Final = re.compile(r"\+?[0-9]+")
# The most tokens that one number can be written in, for example `+ 4 4 0 1 6 3 2 ...`.
_LONGEST_WRITING: Final = 16
# Digits of a national number, without its leading zero.
_SHORTEST, _LONGEST = 9, 10
_NO_MENDS: Final[frozenset[Mend]] = frozenset()
_NO_PROBLEMS: Final[frozenset[NumberProblem]] = frozenset()
_ZERO_RESTORED: Final = frozenset({Mend.LEADING_ZERO_RESTORED})


class NumberReading(NamedTuple):
    # For an empty cell, all three fields are empty.
    # In E.164 form, in the order of the cell.
    numbers: tuple[str, ...] = ()
    mends: frozenset[Mend] = _NO_MENDS
    problems: frozenset[NumberProblem] = _NO_PROBLEMS


def read_numbers(cell: str) -> NumberReading:
    """If one number cannot be read, the other numbers are still read."""
    match = _clean_number(cell)
    if match is None:
        return _read_dirty(cell)
    return NumberReading((COUNTRY_CODE + match[1],), _NO_MENDS if match.start(1) else _ZERO_RESTORED)


def normalise_number(text: str) -> str | None:
    """Return the only number of the text in E.164 form.

    Return None if the text has no number or several numbers.
    """
    match = _clean_number(text)
    if match is not None:
        return COUNTRY_CODE + match[1]
    numbers = _read_dirty(text).numbers
    return numbers[0] if len(numbers) == 1 else None


def _clean_number(cell: str) -> re.Match[str] | None:
    # Most cells take this quick path. Four calls of `replace` cost half as much as one call of `translate`.
    return national_number(cell.replace(" ", "").replace("-", "").replace("(", "").replace(")", ""))


def _read_dirty(cell: str) -> NumberReading:
    text, mends, problems = tidied(cell)
    found: list[re.Match[str]] = []
    # A bar replaces words in the text. A number never continues across a bar.
    for stretch in text.split("|"):
        numbers, wrong = _read_stretch(stretch)
        found += numbers
        problems |= wrong
    numbers_once = tuple(dict.fromkeys(COUNTRY_CODE + number[1] for number in found))
    if not all(number.start(1) for number in found):
        mends.add(Mend.LEADING_ZERO_RESTORED)
    if len(numbers_once) > 1:
        mends.add(Mend.SEVERAL_NUMBERS)
    # If only an extension was written, the number itself is missing.
    if not (found or problems) and Mend.EXTENSION_DROPPED in mends:
        problems.add(NumberProblem.TOO_SHORT)
    return NumberReading(numbers_once, frozenset(mends), frozenset(problems))


def _read_stretch(stretch: str) -> tuple[list[re.Match[str]], set[NumberProblem]]:
    pieces = [tokens for piece in _SEPARATORS.split(stretch) if (tokens := _TOKEN.findall(piece))]
    readings = [(tokens, _numbers_of(tokens)) for tokens in pieces]
    found = [number for _, numbers in readings for number in numbers]
    whole = [token for tokens in pieces for token in tokens]
    # A separator ends a number, except where only the pieces together make a number, as in `01632/960123`.
    if not found and len(pieces) > 1 and (joined := national_number("".join(whole))):
        return [joined], set()
    return found, {_why_not("".join(tokens)) for tokens, numbers in readings if not numbers}


def _numbers_of(tokens: list[str]) -> list[re.Match[str]]:
    # best[i] is the list of numbers into which the tokens from i on can be divided, or None if they cannot be divided.
    best: list[list[re.Match[str]] | None] = [None] * len(tokens) + [[]]
    for start in range(len(tokens) - 1, -1, -1):
        # The longest number is tried first, so that an area code is not read as a number of its own.
        for end in range(min(len(tokens), start + _LONGEST_WRITING), start, -1):
            rest = best[end]
            if rest is not None and (number := national_number("".join(tokens[start:end]))):
                best[start] = [number, *rest]
                break
    return best[0] or []


def _why_not(written: str) -> NumberProblem:
    digits = without_prefix(written)
    if digits.startswith(("+", "00")):
        return NumberProblem.NOT_A_UK_NUMBER
    if len(digits) < _SHORTEST:
        return NumberProblem.TOO_SHORT
    if len(digits) > _LONGEST:
        return NumberProblem.TOO_LONG
    return (
        # Nine digits are valid in some areas only, so most such numbers lost a digit.
        NumberProblem.TOO_SHORT if len(digits) < _LONGEST and digits[0] in "123789" else NumberProblem.NOT_A_UK_NUMBER
    )
