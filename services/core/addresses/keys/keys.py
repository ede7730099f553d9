"""Makes the keys by which matching finds the notice and the register entry of one home."""
# A key joins parts of an address, and a postcode alone is none. If both addresses have a part, they meet only where the
# part is the same. If one of them lacks it, they meet under a crossed key, which says which side has the part. So those
# that have it do not meet there, and a building of 300 flats does not bring 90,000 pairs.

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, combinations, islice
from string import ascii_lowercase
from typing import Final, NamedTuple

from services.core.addresses.address import AddressParts
from services.core.addresses.keys.names import folded
from services.core.addresses.reading.flat_or_house import UNNAMED_FLAT
from services.core.addresses.reading.names import NAME_JOINT

# Bounds for hostile addresses. Real addresses have fewer.
_MOST_KEYS: Final = 64
_MOST_NUMBERS: Final = 8
_MOST_UNITS: Final = 3
_MOST_NAMES: Final = 3
_LONG_NAME: Final = 3
_SAINT: Final = "saint"
_LETTERS: Final = frozenset(ascii_lowercase)


class KeySide(StrEnum):
    NOTICE = "notice"
    ENTRY = "entry"


class Identifier(StrEnum):
    ADDRESS = "a"
    TELEPHONE = "t"
    UPRN = "u"


class _UnitKind(StrEnum):
    NUMBER = "n"
    LETTER = "l"
    STOREY = "s"
    WORDS = "w"


class _Home(NamedTuple):
    names: tuple[str, ...]
    # The names that may be those of a building.
    buildings: tuple[str, ...]
    initials: tuple[str, ...]
    # Without a house number, the numbers of flats take its place: lists mistake the one for the other.
    numbers: tuple[str, ...]
    has_house_number: bool
    units: tuple[str, ...]
    side: KeySide

    def crossed(self, mine: str, other: str) -> str:
        return f"{mine}>{other}" if self.side is KeySide.NOTICE else f"{other}>{mine}"

    @property
    def unit_keys(self) -> list[str]:
        if not self.units:
            return ["=", self.crossed("none", "flat")]
        kinds = sorted({_unit_kind(unit) for unit in self.units})
        # `Flat 1` and `Ground Floor Flat` may be one home, and `Flat 1` and `Flat 2` are not.
        others = (self.crossed(kind, other) for other in _UnitKind if other not in kinds for kind in kinds)
        return [*(f"={unit}" for unit in self.units), self.crossed("flat", "none"), *others]

    @property
    def number_crossed(self) -> str:
        mine, other = ("number", "name") if self.has_house_number else ("name", "number")
        return self.crossed(mine, other)


def address_keys(parts: AddressParts, places: Sequence[str], postcode: str | None, side: KeySide) -> tuple[str, ...]:
    """Return the keys of an address without repeats. `places` has the towns and localities of the address."""
    home = _home(parts, places, side)
    of_postcode = _with_postcode(home, postcode) if postcode else ()
    of_places = (key for place in places for key in _with_place(home, place))
    return tuple(dict.fromkeys(islice(chain(of_postcode, of_places), _MOST_KEYS)))


def postcode_keys(postcode: str, known: Collection[Identifier], side: KeySide) -> Iterator[str]:
    """Yield the keys by which matching finds a notice and an entry that share a postcode, but no kind of identifier.

    `known` has the kinds of identifier in the record. For example, a notice with only a telephone number and an entry
    with only an address have a common key.
    """
    if side is KeySide.NOTICE:
        yield _postcode_key(postcode, known)
        return
    missing = [one for one in Identifier if one not in known]
    for count in range(1, len(missing) + 1):
        yield from (_postcode_key(postcode, theirs) for theirs in combinations(missing, count))


def _postcode_key(postcode: str, of_notice: Collection[Identifier]) -> str:
    return f"*|{postcode}|{''.join(sorted(of_notice))}"


def _home(parts: AddressParts, places: Sequence[str], side: KeySide) -> _Home:
    buildings = [_without_place(name, places) for name in parts.building.split(NAME_JOINT) if name]
    # In `Maple Court, 16 Blackpool` the street is missing, and the town is read as the street.
    streets = [_without_place(parts.street, places)] if parts.street and parts.street not in places else []
    names = [*streets, *buildings][:_MOST_NAMES]
    beginnings = [] if parts.numbers else [one for name in names for one in _beginnings(name)]
    units = _bounded(_surest(parts.sub_units - {UNNAMED_FLAT}), _MOST_UNITS)
    flats = tuple(unit for unit in units if _unit_kind(unit) is _UnitKind.NUMBER)
    return _Home(
        names=_folded((*names, *beginnings)),
        buildings=_folded(buildings[:_MOST_NAMES]),
        initials=tuple(dict.fromkeys(name[0] for name in names)),
        numbers=_bounded(parts.numbers, _MOST_NUMBERS) or flats,
        has_house_number=bool(parts.numbers),
        units=units,
        side=side,
    )


def _with_postcode(home: _Home, postcode: str) -> Iterator[str]:
    unit_keys = home.unit_keys
    for number in home.numbers:
        yield from (f"p|{postcode}|{number}|{unit}" for unit in unit_keys)
    yield from (f"p|{postcode}|{name}|{home.number_crossed}" for name in home.names)
    if not (home.has_house_number or home.units):
        # Few homes of a postcode have a name alone, so the comparison can bear with its spelling.
        yield from (f"i|{postcode}|{initial}" for initial in home.initials)


def _with_place(home: _Home, place: str) -> Iterator[str]:
    unit_keys = home.unit_keys
    for name in home.names:
        for number in home.numbers:
            yield from (f"t|{place}|{name}|{number}|{unit}" for unit in unit_keys)
        if not home.has_house_number:
            yield from (f"t|{place}|{name}|{unit}" for unit in unit_keys)
    # A street without number and flat says too little.
    named = home.names if home.units or not home.has_house_number else home.buildings
    for name in named:
        yield from (f"t|{place}|{name}|{unit}|{home.number_crossed}" for unit in home.units or ("",))


def _surest(units: Collection[str]) -> Collection[str]:
    # A floor beside the number of a flat adds nothing.
    return [unit for unit in units if _unit_kind(unit) is not _UnitKind.WORDS] or units


def _without_place(name: str, places: Sequence[str]) -> str:
    words = name.split()
    while len(words) > 1 and words[-1] in places:
        words.pop()
    return " ".join(words)


def _beginnings(name: str) -> list[str]:
    # Without a house number, lists shorten a name (`marsh farm` and `marsh`), or the name holds the street and more
    # (`ivy gables mill brow`).
    words = name.split()
    first = 2 if words[0] == _SAINT else 1
    return [" ".join(words[:first]), *([" ".join(words[: first + 1])] if len(words) > _LONG_NAME else [])]


def _folded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(folded, names)))


def _bounded(found: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(sorted(found)[:most])


def _unit_kind(unit: str) -> _UnitKind:
    if "/" in unit:
        return _UnitKind.STOREY
    if unit[0].isdecimal():
        return _UnitKind.NUMBER
    return _UnitKind.LETTER if unit in _LETTERS else _UnitKind.WORDS
