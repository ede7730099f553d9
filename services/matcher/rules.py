"""All functions are pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from schemas.codes import MatchLevel, Scope
from services.core.addresses.address import AddressParts
from services.core.addresses.postcode import alike_postcodes
from services.core.tokens import TokenKind
from services.matcher.addresses import AddressReason, Agreement, Level, compare


class MatchReason(StrEnum):
    # The values are stored.
    SAME_TELEPHONE_NUMBER = "same_telephone_number"
    SAME_UPRN = "same_uprn"
    SAME_ADDRESS = "same_address"
    NEAR_ADDRESS = "near_address"
    SAME_POSTCODE = "same_postcode"  # one of the two has nothing more exact
    AREA_COVERS_ADDRESS = "area_covers_address"
    ADDRESSES_DIFFER = "addresses_differ"
    NUMBERS_DIFFER = "telephone_numbers_differ"
    UPRNS_DIFFER = "uprns_differ"
    POSTCODES_DIFFER = "postcodes_differ"


@dataclass(frozen=True, slots=True)
class Location:
    has_numbers: bool
    parts: AddressParts | None
    uprn: str | None = None
    postcode: str | None = None
    # A scheme has one line for many homes, so the address of the line is not that of the home.
    is_scheme: bool = False
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
        return _same_number(kinds, look)
    mine, theirs = look()
    # If several versions may be valid, the surest finding counts, because it is safer to alert.
    found = (_compared(kinds, *places) for places in product(mine.all(), theirs.all()))
    return max(filter(None, found), key=lambda finding: finding.level.rank, default=None)


def _same_number(kinds: Collection[TokenKind], look: Look) -> Finding:
    also = (MatchReason.SAME_UPRN,) if TokenKind.UPRN in kinds else ()
    if _AT_ONE_PLACE.isdisjoint(kinds):
        # With one wrong digit a number is a stranger's. The council is alerted, and a person should look first.
        mine, theirs = look()
        places = product(mine.all(), theirs.all())
        also = (MatchReason.ADDRESSES_DIFFER,) if all(_are_apart(*pair) for pair in places) else ()
    return Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, *also))


def _are_apart(mine: Location, theirs: Location) -> bool:
    if mine.is_scheme or theirs.is_scheme:
        return False
    agreement = _agreement(mine, theirs)
    if agreement.level is Level.NEAR:
        return MatchReason.POSTCODES_DIFFER in _differences(mine, theirs)
    return agreement.level is Level.CLASH or (agreement.level is Level.UNKNOWN and bool(agreement.reasons))


def _compared(kinds: Collection[TokenKind], mine: Location, theirs: Location) -> Finding | None:
    agreement = _agreement(mine, theirs)
    differences = _differences(mine, theirs)
    if TokenKind.UPRN in kinds:
        return _same_uprn(agreement, differences)
    if TokenKind.ADDRESS in kinds or TokenKind.POSTCODE in kinds:
        return _same_place(agreement, differences)
    return None  # an area token alone says nothing about a single line


def _agreement(mine: Location, theirs: Location) -> Agreement:
    if mine.parts is None or theirs.parts is None:
        return Agreement(Level.UNKNOWN, ())
    return compare(mine.parts, theirs.parts)


def _differences(mine: Location, theirs: Location) -> tuple[MatchReason, ...]:
    # None of them rules out a match: a home may have two lines, and lists have wrong values. The officer sees each.
    found = []
    if mine.has_numbers and theirs.has_numbers:
        found.append(MatchReason.NUMBERS_DIFFER)
    if mine.uprn and theirs.uprn and mine.uprn != theirs.uprn:
        found.append(MatchReason.UPRNS_DIFFER)
    if mine.postcode and theirs.postcode and not alike_postcodes(mine.postcode, theirs.postcode):
        found.append(MatchReason.POSTCODES_DIFFER)
    return tuple(found)


def _same_uprn(agreement: Agreement, also: tuple[str, ...]) -> Finding | None:
    # Many flats carry the UPRN of their building, and what they are called tells them apart.
    if AddressReason.SUB_UNITS_CLASH in agreement.reasons:
        return None
    # The UPRN may be that of a neighbour.
    if agreement.level is Level.CLASH:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.SAME_UPRN, MatchReason.ADDRESSES_DIFFER, *also))
    return Finding(MatchLevel.PROBABLE, (MatchReason.SAME_UPRN, *also))


def _same_place(agreement: Agreement, also: tuple[MatchReason, ...]) -> Finding | None:
    doubtful = not _IN_DOUBT.isdisjoint(also)
    if agreement.level is Level.SAME:
        level = MatchLevel.POSSIBLE if doubtful else MatchLevel.PROBABLE
        return Finding(level, (MatchReason.SAME_ADDRESS, *also))
    if agreement.level is Level.NEAR and not doubtful:
        # Two signs against a match are too many.
        if MatchReason.NUMBERS_DIFFER in also and not _INCOMPLETE.isdisjoint(agreement.reasons):
            return None
        # The officer sees each part that agrees or differs.
        return Finding(MatchLevel.POSSIBLE, (MatchReason.NEAR_ADDRESS, *map(str, agreement.reasons), *also))
    # One of the two has nothing but its postcode.
    if agreement.level is Level.UNKNOWN and not agreement.reasons:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.SAME_POSTCODE, *also))
    return None


_AT_ONE_PLACE: Final = frozenset({TokenKind.UPRN, TokenKind.ADDRESS})
_IN_DOUBT: Final = frozenset({MatchReason.UPRNS_DIFFER, MatchReason.POSTCODES_DIFFER})
# The two addresses do not name the home in the same way.
_INCOMPLETE: Final = frozenset(
    {
        AddressReason.SUB_UNIT_MISSING,
        AddressReason.SUB_UNITS_NAMED_OTHERWISE,
        AddressReason.NUMBER_MISSING,
        AddressReason.NUMBER_IN_ANOTHER_PLACE,
        AddressReason.ONE_IS_BESIDE_THE_HOME,
    }
)
