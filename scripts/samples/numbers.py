"""Draws telephone numbers for the samples."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

# The first digits of a thousand numbers, by town. Ofcom reserves these numbers for drama, so a call reaches nobody.
# Blackpool has no reserved range and uses 01632, which has no area.
RANGES: Final[dict[str, str]] = {
    "Blackpool": "01632 960",
    "Cardiff": "029 2018 0",
    "Leeds": "0113 496 0",
    "Sheffield": "0114 496 0",
    "Nottingham": "0115 496 0",
    "Leicester": "0116 496 0",
    "Bristol": "0117 496 0",
    "Reading": "0118 496 0",
    "Birmingham": "0121 496 0",
    "Edinburgh": "0131 496 0",
    "Glasgow": "0141 496 0",
    "Liverpool": "0151 496 0",
    "Manchester": "0161 496 0",
    "Newcastle upon Tyne": "0191 498 0",
    "London": "020 7946 0",
}

MOBILES: Final = "07700 900"


class Numbers:
    """Draws telephone numbers, each number at most once."""

    def __init__(self, random: Random) -> None:
        # Each range has a thousand numbers. A number that was drawn is removed.
        self._left = {start: _thousand(start, random) for start in (*RANGES.values(), MOBILES)}

    def landline(self, town: str) -> str:
        """Raises KeyError if the town is unknown. Raises IndexError if no number of the town is left."""
        return self._left[RANGES[town]].pop()

    def mobile(self) -> str:
        return self._left[MOBILES].pop()


def _thousand(start: str, random: Random) -> list[str]:
    numbers = [f"{start}{last:03}" for last in range(1000)]
    random.shuffle(numbers)
    return numbers


def digits(number: str) -> str:
    return number.replace(" ", "")


def _without_zero(number: str) -> str:
    return digits(number).removeprefix("0")


def _in_brackets(number: str) -> str:
    code, _, local = number.partition(" ")
    return f"({code}) {local}"


def _letters_for_digits(number: str) -> str:
    code, _, local = number.partition(" ")
    return f"{code} {local.replace('0', 'O').replace('1', 'I')}"


def _scientific(number: str) -> str:
    return f"{int(digits(number)):.5E}"


# Ways of writing a number in which the number can still be read.
MENDABLE: Final[dict[str, Callable[[str], str]]] = {
    "digits": digits,
    "spaces": str,
    "brackets": _in_brackets,
    "dashes": lambda number: number.replace(" ", "-"),
    "+44": lambda number: f"+44{_without_zero(number)}",
    "+44 and spaces": lambda number: f"+44 {number.removeprefix('0')}",
    "+44 (0)": lambda number: f"+44 (0){number.removeprefix('0')}",
    "0044": lambda number: f"0044{_without_zero(number)}",
    "44": lambda number: f"44{_without_zero(number)}",
    "leading zero lost": _without_zero,
    "decimal point": lambda number: f"{_without_zero(number)}.0",
    "letters for digits": _letters_for_digits,
    "extension": lambda number: f"{number} ext 2",
    "word beside it": lambda number: f"Tel: {number} (hall)",
}

# Ways of writing a number in which the number is lost.
LOST: Final[dict[str, Callable[[str], str]]] = {
    "scientific notation": _scientific,
    "area code missing": lambda number: number.rpartition(" ")[2],
    "words only": lambda _: "ex-directory",
}


def two_numbers(line: str, other: str) -> str:
    return f"{line} / {other}"
