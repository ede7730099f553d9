"""All functions are pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from schemas.codes import MatchLevel, MatchReason, Scope
from services.core.addresses.address import AddressParts
from services.core.tokens import TokenKind
from services.matcher.addresses import AddressReason, Agreement, Level, compare
from services.matcher.weights.features import Alike, Features, like_postcodes, pattern_of
from services.matcher.weights.parameters import Parameters, load_parameters


@dataclass(frozen=True, slots=True)
class Location:
    has_numbers: bool
    parts: AddressParts | None
    uprn: str | None = None
    postcode: str | None = None
    # The last words of the town and of the localities.
    places: tuple[str, ...] = ()
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
    # See `weights.parameters`. 0 where nothing was weighed.
    weight: float = 0.0
    # The number and the place agree, so that weaker matches of the two records wait: see `storage.matches.settled`.
    settles: bool = False


# Decrypts the locations of both records. Called only if the level depends on the locations: most pairs need none.
Look = Callable[[], tuple[Location, Location]]


def judge(
    kinds: Collection[TokenKind], scope: Scope, look: Look, parameters: Parameters | None = None
) -> Finding | None:
    """Return the level and reasons of a match, or None if the notice and the entry do not match.

    If `parameters` is None, the newest parameters are used.
    """
    # An area notice names no line, so no token can make the match surer.
    if scope is not Scope.LINE:
        return Finding(MatchLevel.POSSIBLE, (MatchReason.AREA_COVERS_ADDRESS,))
    if TokenKind.TELEPHONE in kinds:
        return _same_number(kinds, look)
    mine, theirs = look()
    weighing = parameters or load_parameters()
    # If several versions may be valid, the surest finding counts, because it is safer to alert.
    found = (_compared(kinds, *places, weighing) for places in product(mine.all(), theirs.all()))
    return max(filter(None, found), key=lambda finding: (finding.level.rank, finding.weight), default=None)


def _same_number(kinds: Collection[TokenKind], look: Look) -> Finding:
    also = (MatchReason.SAME_UPRN,) if TokenKind.UPRN in kinds else ()
    if _AT_ONE_PLACE.isdisjoint(kinds):
        # With one wrong digit a number is a stranger's. The council is alerted, and a person should look first.
        mine, theirs = look()
        places = product(mine.all(), theirs.all())
        also = (MatchReason.ADDRESSES_DIFFER,) if all(_are_apart(*pair) for pair in places) else ()
        return Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, *also))
    return Finding(MatchLevel.CONFIRMED, (MatchReason.SAME_TELEPHONE_NUMBER, *also), settles=True)


def _are_apart(mine: Location, theirs: Location) -> bool:
    if mine.is_scheme or theirs.is_scheme:
        return False
    agreement = _agreement(mine, theirs)
    if agreement.level is Level.NEAR:
        return like_postcodes(mine.postcode, theirs.postcode) in _APART
    return agreement.level is Level.CLASH or (agreement.level is Level.UNKNOWN and bool(agreement.reasons))


def _compared(kinds: Collection[TokenKind], mine: Location, theirs: Location, parameters: Parameters) -> Finding | None:
    # An area token alone says nothing about a single line.
    if _BY_PLACE.isdisjoint(kinds):
        return None
    agreement = _agreement(mine, theirs)
    features = _features(agreement, kinds, mine, theirs)
    weight = parameters.weight(features)
    level = _level(agreement, features, weight, parameters)
    return None if level is None else Finding(level, _reasons(agreement, features, parameters), weight)


def _agreement(mine: Location, theirs: Location) -> Agreement:
    if mine.parts is None or theirs.parts is None:
        return Agreement(Level.UNKNOWN, ())
    return compare(_without_town(mine.parts, theirs), _without_town(theirs.parts, mine))


def _without_town(parts: AddressParts, other: Location) -> AddressParts:
    # In `maple court, 16 blackpool` the street is missing, and the town is read as the street.
    return parts._replace(street="") if parts.street.rpartition(" ")[2] in other.places else parts


def features_of(kinds: Collection[TokenKind], mine: Location, theirs: Location) -> Features:
    """Return the features of a pair. `kinds` has the kinds of token that the pair shares."""
    return _features(_agreement(mine, theirs), kinds, mine, theirs)


def _features(agreement: Agreement, kinds: Collection[TokenKind], mine: Location, theirs: Location) -> Features:
    return Features(
        pattern_of(agreement, mine.parts, theirs.parts, like_postcodes(mine.postcode, theirs.postcode)),
        _alike(TokenKind.TELEPHONE in kinds, both_have=mine.has_numbers and theirs.has_numbers),
        _alike(TokenKind.UPRN in kinds, both_have=bool(mine.uprn and theirs.uprn)),
        agreement.level,
    )


def _alike(same: bool, *, both_have: bool) -> Alike:
    if same:
        return Alike.SAME
    return Alike.DIFFER if both_have else Alike.MISSING


def _level(agreement: Agreement, features: Features, weight: float, parameters: Parameters) -> MatchLevel | None:
    same_uprn = features.uprns is Alike.SAME
    # Nothing can be compared: one of the two has no address, or one names a street and the other a building.
    if agreement.level is Level.UNKNOWN and not agreement.reasons:
        return MatchLevel.PROBABLE if same_uprn else MatchLevel.POSSIBLE
    if agreement.level is Level.CLASH:
        # Many flats carry the UPRN of their building, and what they are called tells them apart. Houses have their own,
        # but lists mistake a neighbour's for it.
        is_neighbour = same_uprn and AddressReason.SUB_UNITS_CLASH not in agreement.reasons
        return MatchLevel.POSSIBLE if is_neighbour else None
    # Addresses without a common number or name have nothing in common but their street or their postcode.
    if agreement.level is Level.UNKNOWN and not same_uprn:
        return None
    is_other_flat = _OTHER_FLAT in agreement.reasons if same_uprn else _may_be_any_flat(features)
    is_unsure = is_other_flat or not parameters.knows(features.pattern)
    if weight >= parameters.probable_from and not is_unsure:
        return MatchLevel.PROBABLE
    if weight >= parameters.possible_from or _leaves_room(features):
        return MatchLevel.POSSIBLE
    return None


def _may_be_any_flat(features: Features) -> bool:
    # `The Flat, Maple Court` is as near to each flat of the building.
    pattern = features.pattern
    return pattern.units == AddressReason.SUB_UNIT_MISSING and pattern.numbers != AddressReason.NUMBERS_AGREE


def _leaves_room(features: Features) -> bool:
    """Return True if notice and entry may be of one home, even if the weight of the pair is low.

    Return False if the telephone numbers or the UPRNs of the two records differ.
    """
    if Alike.DIFFER in (features.telephones, features.uprns):
        return False
    # Only the postcode differs.
    if features.level is Level.SAME:
        return True
    # `18-20 High Street` may be what another list calls `20 High Street`, and `High Street` may be any home there.
    pattern = features.pattern
    names_no_home = pattern.numbers == AddressReason.NUMBER_MISSING and not (pattern.units or pattern.buildings)
    is_vague = names_no_home or pattern.numbers == AddressReason.NUMBER_IN_A_RANGE
    return is_vague and pattern.streets == AddressReason.STREETS_AGREE


def _reasons(agreement: Agreement, features: Features, parameters: Parameters) -> tuple[str, ...]:
    against = _heaviest(_against(features, parameters))
    uprn = (MatchReason.SAME_UPRN,) if features.uprns is Alike.SAME else ()
    if agreement.level is Level.UNKNOWN and not agreement.reasons:
        return (*(uprn or (MatchReason.SAME_POSTCODE,)), *against)
    if agreement.level is Level.SAME:
        return (*uprn, MatchReason.SAME_ADDRESS, *against)
    head = MatchReason.ADDRESSES_DIFFER if agreement.level is Level.CLASH else MatchReason.NEAR_ADDRESS
    return (*uprn, head, *_heaviest(_in_favour(features, parameters)), *against)


def _heaviest(found: Iterable[tuple[str, float]]) -> list[str]:
    return [code for code, _ in sorted(found, key=lambda one: -abs(one[1]))[:_MOST_REASONS]]


def _in_favour(features: Features, parameters: Parameters) -> Iterator[tuple[str, float]]:
    return ((part, weight) for part, weight in parameters.of_parts(features.pattern) if part in _AGREEING)


def _against(features: Features, parameters: Parameters) -> Iterator[tuple[str, float]]:
    of_parts = parameters.of_parts(features.pattern)
    yield from ((part, weight) for part, weight in of_parts if part in _DIFFERING)
    # None of these rules out a match: a home may have two lines, and lists have wrong values.
    if features.pattern.postcodes in _APART:
        yield MatchReason.POSTCODES_DIFFER, parameters.weight_of_postcodes(features.pattern.postcodes)
    if features.telephones is Alike.DIFFER:
        yield MatchReason.NUMBERS_DIFFER, parameters.telephones[Alike.DIFFER]
    if features.uprns is Alike.DIFFER:
        yield MatchReason.UPRNS_DIFFER, parameters.uprns[features.level][Alike.DIFFER]


# The UPRN that both have may be that of their building.
_OTHER_FLAT: Final = AddressReason.SUB_UNITS_NAMED_OTHERWISE
_AT_ONE_PLACE: Final = frozenset({TokenKind.UPRN, TokenKind.ADDRESS})
_BY_PLACE: Final = frozenset({TokenKind.UPRN, TokenKind.ADDRESS, TokenKind.POSTCODE})
_APART: Final = frozenset({Alike.OUTWARD, Alike.DIFFER})
# Of those that agree and of those that differ.
_MOST_REASONS: Final = 3
_AGREEING: Final = frozenset(
    {
        AddressReason.SUB_UNITS_AGREE,
        AddressReason.SUB_UNITS_ALIKE,
        AddressReason.NUMBERS_AGREE,
        AddressReason.STREETS_AGREE,
        AddressReason.STREETS_ALIKE,
        AddressReason.BUILDINGS_AGREE,
        AddressReason.BUILDINGS_ALIKE,
    }
)
_DIFFERING: Final = frozenset(AddressReason) - _AGREEING
