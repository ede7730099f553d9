"""Classifies the differences between an entry and a notice. All functions are pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from benchmarks.matching.world.addresses import AddressDirt, gravest
from benchmarks.matching.world.dirt import UprnDirt
from benchmarks.matching.world.numbers import NumberDirt
from benchmarks.matching.world.rows import Label


class Numbers(StrEnum):
    SAME = "number agrees"
    MISSING = "number missing"
    DIGITS = "digits wrong or swapped"
    OTHER = "another number"


class Uprns(StrEnum):
    SAME = "UPRN agrees"
    MISSING = "UPRN missing"
    NEIGHBOUR = "neighbour's UPRN"
    BUILDING = "building's UPRN"
    OTHER = "another UPRN"


ADDRESSES_ONLY: Final = "addresses only"


class Kind(NamedTuple):
    numbers: Numbers
    uprns: Uprns
    address: AddressDirt

    @property
    def addresses_only(self) -> bool:
        """Return True if only addresses can be compared. At least one number and at least one UPRN are missing."""
        return self.numbers is Numbers.MISSING and self.uprns is Uprns.MISSING

    @property
    def name(self) -> str:
        if self.numbers is Numbers.SAME:
            return self.numbers
        return ADDRESSES_ONLY if self.addresses_only else f"{self.numbers}, {self.uprns}"


def kind_of(entry: Label, notice: Label) -> Kind:
    """Return the differences between an entry and a notice. The two may be of different homes."""
    return Kind(_numbers(entry, notice), _uprns(entry, notice), gravest(entry.address_dirt, notice.address_dirt))


def _numbers(entry: Label, notice: Label) -> Numbers:
    if not (entry.numbers and notice.numbers):
        return Numbers.MISSING
    if not set(entry.numbers).isdisjoint(notice.numbers):
        return Numbers.SAME
    dirt = {entry.number_dirt, notice.number_dirt}
    return Numbers.OTHER if dirt.isdisjoint({NumberDirt.DIGIT, NumberDirt.SWAPPED}) else Numbers.DIGITS


def _uprns(entry: Label, notice: Label) -> Uprns:
    if not (entry.uprn and notice.uprn):
        return Uprns.MISSING
    dirt = {entry.uprn_dirt, notice.uprn_dirt}
    if UprnDirt.BUILDING in dirt:
        return Uprns.BUILDING
    if entry.uprn == notice.uprn and UprnDirt.NEIGHBOUR not in dirt:
        return Uprns.SAME
    return Uprns.NEIGHBOUR if UprnDirt.NEIGHBOUR in dirt else Uprns.OTHER
