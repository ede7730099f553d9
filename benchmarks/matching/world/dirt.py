"""Decides what is wrong with the number and the UPRN of a row."""
# No public source says how often telecare registers and migration notices are wrong, so the shares are assumptions.
# Those of addresses come from the error model.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final, TypeVar

from benchmarks.matching.world.homes import Home
from benchmarks.matching.world.numbers import (
    NumberDirt,
    TownNumbers,
    with_swapped_digits,
    with_wrong_digit,
    written,
)
from scripts.samples.numbers import two_numbers
from scripts.samples.writing import UPRNS

Dirt = TypeVar("Dirt", bound=StrEnum)


class UprnDirt(StrEnum):
    NONE = "right"
    MISSING = "missing"
    NEIGHBOUR = "the neighbour's"
    BUILDING = "the building's"


@dataclass(frozen=True, slots=True)
class Shares:
    # Rows with an address alone: neither number nor UPRN.
    bare: float
    # Of the other rows.
    number_missing: float
    wrong_digit: float
    swapped_digits: float
    another_landline: float
    # A carer's, in place of the home's number or beside it.
    mobile: float
    mobile_too: float
    uprn_missing: float
    neighbours_uprn: float
    # Of the dwellings in a building.
    buildings_uprn: float


ENTRIES: Final = Shares(
    bare=0.12,
    number_missing=0.08,
    wrong_digit=0.03,
    swapped_digits=0.015,
    another_landline=0.02,
    mobile=0.03,
    mobile_too=0.03,
    uprn_missing=0.40,
    neighbours_uprn=0.015,
    buildings_uprn=0.10,
)
NOTICES: Final = Shares(
    bare=0.05,
    number_missing=0.02,
    wrong_digit=0.005,
    swapped_digits=0.003,
    another_landline=0.01,
    mobile=0.0,
    mobile_too=0.0,
    uprn_missing=0.25,
    neighbours_uprn=0.01,
    buildings_uprn=0.12,
)


@dataclass(frozen=True, slots=True)
class Identifiers:
    # As they would be read without dirt, and as they are written.
    numbers: tuple[str, ...]
    number_written: str
    number_dirt: NumberDirt
    uprn: str
    uprn_written: str
    uprn_dirt: UprnDirt


def dirtied(
    home: Home, number: str, shares: Shares, numbers: TownNumbers, neighbours: Sequence[Home], source: Random
) -> Identifiers:
    if source.random() < shares.bare:
        return Identifiers((), "", NumberDirt.MISSING, "", "", UprnDirt.MISSING)
    held, number_dirt = _numbers(number, shares, numbers, source)
    uprn, uprn_dirt = _uprn(home, shares, neighbours, source)
    return Identifiers(held, _cell(held, source), number_dirt, uprn, _uprn_cell(uprn, source), uprn_dirt)


def _numbers(number: str, shares: Shares, numbers: TownNumbers, source: Random) -> tuple[tuple[str, ...], NumberDirt]:
    dirt = _drawn(
        (
            (NumberDirt.MISSING, shares.number_missing),
            (NumberDirt.DIGIT, shares.wrong_digit),
            (NumberDirt.SWAPPED, shares.swapped_digits),
            (NumberDirt.ANOTHER, shares.another_landline),
            (NumberDirt.MOBILE, shares.mobile),
        ),
        NumberDirt.NONE,
        source,
    )
    if dirt is NumberDirt.MISSING:
        return (), dirt
    if dirt is NumberDirt.DIGIT:
        number = with_wrong_digit(number, source)
    elif dirt is NumberDirt.SWAPPED:
        number = with_swapped_digits(number, source)
    elif dirt is NumberDirt.ANOTHER:
        number = numbers.another_landline()
    elif dirt is NumberDirt.MOBILE:
        number = numbers.mobile()
    return (number, numbers.mobile()) if source.random() < shares.mobile_too else (number,), dirt


def _uprn(home: Home, shares: Shares, neighbours: Sequence[Home], source: Random) -> tuple[str, UprnDirt]:
    dirt = _drawn(
        (
            (UprnDirt.MISSING, shares.uprn_missing),
            (UprnDirt.NEIGHBOUR, shares.neighbours_uprn if neighbours else 0.0),
            (UprnDirt.BUILDING, shares.buildings_uprn if home.building else 0.0),
        ),
        UprnDirt.NONE,
        source,
    )
    if dirt is UprnDirt.MISSING:
        return "", dirt
    if dirt is UprnDirt.NEIGHBOUR:
        return source.choice(neighbours).uprn, dirt
    return home.building if dirt is UprnDirt.BUILDING else home.uprn, dirt


def _drawn(shares: Sequence[tuple[Dirt, float]], rest: Dirt, source: Random) -> Dirt:
    dice = source.random()
    for dirt, share in shares:
        dice -= share
        if dice < 0:
            return dirt
    return rest


def _cell(numbers: tuple[str, ...], source: Random) -> str:
    if len(numbers) > 1:
        return two_numbers(*numbers)
    return written(numbers[0], source) if numbers else ""


def _uprn_cell(uprn: str, source: Random) -> str:
    way = "decimal point" if source.random() < 0.05 else "digits"
    return UPRNS[way](uprn) if uprn else ""
