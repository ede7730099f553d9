"""How sure it is that a notice speaks of the line an alarm hangs on. Pure.

The levels are those of the project's matching table: the same telephone number is confirmed; the same UPRN, or the same
postcode and address, is probable; an area notice that covers the address, or a near address, is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from schemas.codes import MatchLevel, Scope
from services.core.addresses.address import AddressParts
from services.core.tokens import TokenKind
from services.matcher.addresses import Agreement, Level, compare


class MatchReason(StrEnum):
    """Why a pair was matched at its level; stored, shown to the officer who decides."""

    SAME_TELEPHONE_NUMBER = "same_telephone_number"
    SAME_UPRN = "same_uprn"
    SAME_ADDRESS = "same_address"
    NEAR_ADDRESS = "near_address"
    SAME_POSTCODE = "same_postcode"
    """The postcode is the same, and nothing in the addresses, if both have one, speaks for or against it."""
    AREA_COVERS_ADDRESS = "area_covers_address"
    ADDRESSES_DIFFER = "addresses_differ"
    NUMBERS_DIFFER = "telephone_numbers_differ"


@dataclass(frozen=True, slots=True)
class Location:
    """The sealed part of a record that a comparison needs."""

    has_numbers: bool
    parts: AddressParts | None
    others: tuple[Location, ...] = ()
    """Where versions place it that tie with the one on record."""

    def all(self) -> tuple[Location, ...]:
        """The place on record and the others."""
        return (self, *self.others)


@dataclass(frozen=True, slots=True)
class Finding:
    """A pair's level and why."""

    level: MatchLevel
    reasons: tuple[str, ...]


Look = Callable[[], tuple[Location, Location]]
"""Opens the sealed locations of both records. It is called only where the rule turns on them."""


def judge(kinds: Collection[TokenKind], scope: Scope, look: Look) -> Finding | None:
    """The finding on a pair that shares tokens of `kinds`, or None where they are no match."""
    if scope is not Scope.LINE:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.AREA_COVERS_ADDRESS,))
    if TokenKind.TELEPHONE in kinds:
        also = (MatchReason.SAME_UPRN,) if TokenKind.UPRN in kinds else ()
        return Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, *also))
    mine, theirs = look()
    found = (_compared(kinds, *places) for places in product(mine.all(), theirs.all()))
    return max(filter(None, found), key=lambda finding: finding.level.rank, default=None)


def _compared(kinds: Collection[TokenKind], mine: Location, theirs: Location) -> Finding | None:
    agreement = _agreement(mine, theirs)
    numbers = (MatchReason.NUMBERS_DIFFER,) if mine.has_numbers and theirs.has_numbers else ()
    if TokenKind.UPRN in kinds:
        return _same_uprn(agreement, numbers)
    if TokenKind.POSTCODE in kinds:
        return _same_postcode(agreement, numbers)
    return None


def _agreement(mine: Location, theirs: Location) -> Agreement:
    if mine.parts is None or theirs.parts is None:
        return Agreement(Level.UNKNOWN, ())
    return compare(mine.parts, theirs.parts)


def _same_uprn(agreement: Agreement, also: tuple[str, ...]) -> Finding:
    """The UPRN may be the parent's or a neighbour's: an address that contradicts it makes the pair possible only."""
    if agreement.level is Level.CLASH:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.SAME_UPRN, MatchReason.ADDRESSES_DIFFER, *also))
    return Finding(MatchLevel.PROBABLE, (MatchReason.SAME_UPRN, *also))


def _same_postcode(agreement: Agreement, also: tuple[str, ...]) -> Finding | None:
    details = tuple(str(reason) for reason in agreement.reasons)
    if agreement.level is Level.SAME:
        return Finding(MatchLevel.PROBABLE, (MatchReason.SAME_ADDRESS, *also))
    if agreement.level is Level.NEAR:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.NEAR_ADDRESS, *details, *also))
    if agreement.level is Level.UNKNOWN:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.SAME_POSTCODE, *also))
    return None
