"""Decides how sure it is that a notice is about the line of an alarm. Pure.

The same telephone number is confirmed; the same UPRN, or the same postcode and address, is probable; an area notice
that covers the address, or a near address, is possible.
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
    """The reason for a pair's level; stored, and shown to the officer who decides."""

    SAME_TELEPHONE_NUMBER = "same_telephone_number"
    SAME_UPRN = "same_uprn"
    SAME_ADDRESS = "same_address"
    NEAR_ADDRESS = "near_address"
    SAME_POSTCODE = "same_postcode"  # and the addresses, if both have one, neither agree nor clash
    AREA_COVERS_ADDRESS = "area_covers_address"
    ADDRESSES_DIFFER = "addresses_differ"
    NUMBERS_DIFFER = "telephone_numbers_differ"


@dataclass(frozen=True, slots=True)
class Location:
    """The sealed part of a record that a comparison needs."""

    has_numbers: bool
    parts: AddressParts | None
    # Of other versions of the record, where nothing shows which version is the newest.
    others: tuple[Location, ...] = ()

    def all(self) -> tuple[Location, ...]:
        return (self, *self.others)


@dataclass(frozen=True, slots=True)
class Finding:
    level: MatchLevel
    reasons: tuple[str, ...]


# Opens the sealed locations of both records. Called only where the level depends on them: most pairs need none.
Look = Callable[[], tuple[Location, Location]]


def judge(kinds: Collection[TokenKind], scope: Scope, look: Look) -> Finding | None:
    """Return the finding on a pair that shares tokens of `kinds`, or None if it is no match."""
    # An area notice names no line, so nothing in it can make the pair surer.
    if scope is not Scope.LINE:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.AREA_COVERS_ADDRESS,))
    if TokenKind.TELEPHONE in kinds:
        also = (MatchReason.SAME_UPRN,) if TokenKind.UPRN in kinds else ()
        return Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, *also))
    mine, theirs = look()
    # With several versions that may hold, the surest finding counts: it is safer to alert.
    found = (_compared(kinds, *places) for places in product(mine.all(), theirs.all()))
    return max(filter(None, found), key=lambda finding: finding.level.rank, default=None)


def _compared(kinds: Collection[TokenKind], mine: Location, theirs: Location) -> Finding | None:
    agreement = _agreement(mine, theirs)
    # Different numbers do not rule out a match: a home may have two lines. The officer is shown it.
    numbers = (MatchReason.NUMBERS_DIFFER,) if mine.has_numbers and theirs.has_numbers else ()
    if TokenKind.UPRN in kinds:
        return _same_uprn(agreement, numbers)
    if TokenKind.POSTCODE in kinds:
        return _same_postcode(agreement, numbers)
    return None  # an area token alone says nothing about a single line


def _agreement(mine: Location, theirs: Location) -> Agreement:
    if mine.parts is None or theirs.parts is None:
        return Agreement(Level.UNKNOWN, ())
    return compare(mine.parts, theirs.parts)


def _same_uprn(agreement: Agreement, also: tuple[str, ...]) -> Finding:
    # The UPRN may be the building's or a neighbour's, so an address that contradicts it makes the pair POSSIBLE only.
    if agreement.level is Level.CLASH:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.SAME_UPRN, MatchReason.ADDRESSES_DIFFER, *also))
    return Finding(MatchLevel.PROBABLE, (MatchReason.SAME_UPRN, *also))


def _same_postcode(agreement: Agreement, also: tuple[str, ...]) -> Finding | None:
    # For a near address the officer sees each part that agrees or differs.
    details = tuple(str(reason) for reason in agreement.reasons)
    if agreement.level is Level.SAME:
        return Finding(MatchLevel.PROBABLE, (MatchReason.SAME_ADDRESS, *also))
    if agreement.level is Level.NEAR:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.NEAR_ADDRESS, *details, *also))
    if agreement.level is Level.UNKNOWN:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.SAME_POSTCODE, *also))
    return None
