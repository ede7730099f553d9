"""Draws fictional numbers: landlines in the unused area code 01632, and mobiles that Ofcom reserves for drama."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import Final

from scripts.samples.numbers import MENDABLE, MOBILES

_AREA: Final = "01632"
# A town has blocks of a thousand numbers. Homes in the lists have 300 of each, so a wrong digit may hit a stranger.
_BLOCK: Final = 1_000
_IN_USE: Final = 300
_LOCAL_DIGITS: Final = 6

# How often a number is written in each way, in hundredths. The rest is written with a blank.
_WRITTEN: Final = {
    "digits": 40,
    "+44": 8,
    "leading zero lost": 6,
    "brackets": 4,
    "dashes": 3,
    "decimal point": 3,
    "0044": 2,
    "letters for digits": 1,
    "word beside it": 1,
    "extension": 1,
}


class NumberDirt(StrEnum):
    NONE = "right"
    MISSING = "missing"
    DIGIT = "a wrong digit"
    SWAPPED = "swapped digits"
    ANOTHER = "another number"
    MOBILE = "a carer's mobile number"


class NumberBlocks:
    """Hands out blocks of numbers to towns, each block to one town."""

    def __init__(self, source: Random) -> None:
        self._left = source.sample(range(1_000), 1_000)

    def take(self, numbers: int) -> list[int]:
        """Raises ValueError if too few blocks are left."""
        wanted = -(-numbers // _IN_USE)
        if wanted > len(self._left):
            raise ValueError("the area code 01632 has too few numbers for so many rows")
        taken, self._left = self._left[:wanted], self._left[wanted:]
        return taken


class TownNumbers:
    def __init__(self, blocks: list[int], source: Random) -> None:
        self._blocks, self._source = blocks, source
        self._unused = source.sample(range(len(blocks) * _BLOCK), len(blocks) * _BLOCK)

    def own(self) -> str:
        """Return a number that no other home has."""
        block, last = divmod(self._unused.pop(), _BLOCK)
        return _number(self._blocks[block], last)

    def another_landline(self) -> str:
        """Return a random number of the town, which may be another home's."""
        return _number(self._source.choice(self._blocks), self._source.randrange(_BLOCK))

    def mobile(self) -> str:
        return f"{MOBILES}{self._source.randrange(1_000):03}"


def _number(block: int, last: int) -> str:
    return f"{_AREA} {block:03}{last:03}"


def with_wrong_digit(number: str, source: Random) -> str:
    place = len(number) - 1 - source.randrange(_LOCAL_DIGITS)
    digit = source.choice([digit for digit in "0123456789" if digit != number[place]])
    return number[:place] + digit + number[place + 1 :]


def with_swapped_digits(number: str, source: Random) -> str:
    """Swap two different neighbouring digits. If all local digits are equal, change one digit instead."""
    first = len(number) - _LOCAL_DIGITS
    places = [place for place in range(first, len(number) - 1) if number[place] != number[place + 1]]
    if not places:
        return with_wrong_digit(number, source)
    place = source.choice(places)
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def written(number: str, source: Random) -> str:
    """Return the number, written in a random way that can still be read."""
    dice = source.randrange(100)
    for way, share in _WRITTEN.items():
        dice -= share
        if dice < 0:
            write: Callable[[str], str] = MENDABLE[way]
            return write(number)
    return number
