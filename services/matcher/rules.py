"""All functions are pure."""
# An equal UPRN with clashing addresses gives only a possible match.

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
    # The values are stored.
    SAME_TELEPHONE_NUMBER = "same_telephone_number"
    SAME_UPRN = "same_uprn"
    SAME_ADDRESS = "same_address"
    NEAR_ADDRESS = "near_address"
    SAME_POSTCODE = "same_postcode"  # the addresses neither agree nor clash, or one of them is missing
    AREA_COVERS_ADDRESS = "area_covers_address"
    ADDRESSES_DIFFER = "addresses_differ"
    NUMBERS_DIFFER = "telephone_numbers_differ"


@dataclass(frozen=True, slots=True)
class Location:
    has_numbers: bool
    parts: AddressParts | None
    # The locations of other versions of the record, if nothing shows which version is the newest.
    others: tuple[Location, ...] = ()

    def all(self) -> tuple[Location, ...]:
        return (self, *self.others)


@dataclass(frozen=True, slots=True)
class Finding:
    level: MatchLevel
    reasons: tuple[str, ...]


# Decrypts the locations of both records. Called only if the level depends on the locations: most pairs need none.
Look = Callable[[], tuple[Location, Location]]


def judge(kinds: Collection[TokenKind], scope: Scope, look: Look) -> Finding | None:
    """Return the level and reasons of a match, or None if the notice and the entry do not match."""
    # An area notice names no line, so no token can make the match surer.
    if scope is not Scope.LINE:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.AREA_COVERS_ADDRESS,))
    if TokenKind.TELEPHONE in kinds:
        also = (MatchReason.SAME_UPRN,) if TokenKind.UPRN in kinds else ()
        return Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, *also))
    mine, theirs = look()
    # If several versions may be valid, the surest finding counts, because it is safer to alert.
    found = (_compared(kinds, *places) for places in product(mine.all(), theirs.all()))
    return max(filter(None, found), key=lambda finding: finding.level.rank, default=None)


def _compared(kinds: Collection[TokenKind], mine: Location, theirs: Location) -> Finding | None:
    agreement = _agreement(mine, theirs)
    # Different numbers do not rule out a match, because a home may have two lines. The officer sees this reason.
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
    # The UPRN may be that of the building or of a neighbour. If the addresses clash, the match is only POSSIBLE.
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
