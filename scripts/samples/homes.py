"""Invents the homes of the samples. No real home has one of these postcodes or UPRNs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, product
from random import Random
from typing import Final

_UNIT_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"
_SHORE: Final = (
    "Kittiwake Marram Samphire Thrift Sandpiper Dunlin Curlew Redshank Turnstone Cockle Limpet Whelk Starfish "
    "Breakwater Groyne Driftwood Pebble Shingle Saltmarsh Plover Tern Gannet Fulmar Cormorant Eelgrass Foreshore"
)
_INLAND: Final = (
    "Alderwood Basalt Bracken Chalkpit Cobble Copperworks Flint Gorse Granite Juniper Kiln Larch Millrace Orchard "
    "Quarry Sandstone Slate Spindle Teasel Thistle Wharf Sluice Towpath Lockside Tannery Ropewalk"
)
_KINDS: Final = ("Road", "Avenue", "Close", "Lane", "Street", "Grove", "Drive", "Crescent", "Terrace", "Place")
_WELSH: Final = (
    "Heol Gwylan",
    "Heol Eithin",
    "Heol Brwyn",
    "Clos Helyg",
    "Clos Cregyn",
    "Stryd Derwen",
    "Stryd Garreg",
    "Rhodfa'r Môr",
    "Rhodfa Onnen",
    "Ffordd Grug",
    "Ffordd Tywod",
    "Lôn Rhedyn",
)
_BUILDINGS: Final = ("Kestrel Court", "Osprey House", "Lapwing Lodge", "Merlin Court", "Harrier House", "Avocet Court")
_COTTAGES: Final = ("Dune Cottage", "Anchor Cottage", "Lantern Lodge", "Tidewater House")
_LETTERS: Final = ("Flat A", "Flat B", "Flat C")
_FLOORS: Final = ("Ground Floor Flat", "First Floor Flat", "Top Floor Flat")
_STOREYS: Final = ("Flat 0/1", "Flat 1/1", "Flat 2/1")
_SCOTTISH: Final = frozenset({"Edinburgh", "Glasgow"})

# Postcode sectors by town. The sectors are in the town's postcode area, but are not in use.
SECTORS: Final[dict[str, tuple[str, ...]]] = {
    "Blackpool": ("FY1 7", "FY1 8", "FY2 5", "FY3 4", "FY3 5", "FY4 0", "FY4 8"),
    "Cardiff": ("CF5 8", "CF10 8", "CF11 3", "CF14 8", "CF23 2", "CF24 7"),
    "Leeds": ("LS30 1", "LS30 2"),
    "Sheffield": ("S30 1", "S30 2"),
    "Nottingham": ("NG26 1", "NG26 2"),
    "Leicester": ("LE20 1", "LE20 2"),
    "Bristol": ("BS50 1", "BS50 2"),
    "Reading": ("RG50 1", "RG50 2"),
    "Birmingham": ("B59 1", "B59 2"),
    "Edinburgh": ("EH60 1", "EH60 2"),
    "Glasgow": ("G50 1", "G50 2"),
    "Liverpool": ("L50 1", "L50 2"),
    "Manchester": ("M39 1", "M39 2"),
    "Newcastle upon Tyne": ("NE50 1", "NE50 2"),
    "London": ("E21 1", "SE29 1"),
}

_STREETS_A_SECTOR: Final = 8
_COTTAGE_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Home:
    uprn: str
    town: str
    postcode: str
    street: str
    number: str = ""
    name: str = ""
    # A text such as `Flat 4`, or empty.
    flat: str = ""

    @property
    def lines(self) -> list[str]:
        return [line for line in (self.flat, self.name, f"{self.number} {self.street}".strip()) if line]


@dataclass(frozen=True, slots=True)
class Street:
    # Each building is a tuple of homes.
    buildings: tuple[tuple[Home, ...], ...]

    @property
    def postcode(self) -> str:
        return self.buildings[0][0].postcode


class Town:
    def __init__(self, name: str, uprns: Iterator[str], random: Random) -> None:
        names = _street_names(name, random)
        units = [f"{a}{b}" for a, b in product(_UNIT_LETTERS, repeat=2)]
        self.streets = [
            _street(name, sector + unit, next(names), uprns, random)
            for sector in SECTORS[name]
            for unit in random.sample(units, _STREETS_A_SECTOR)
        ]

    def buildings(self) -> list[tuple[Home, ...]]:
        return [building for street in self.streets for building in street.buildings]


def uprns(first: int) -> Iterator[str]:
    """Return invented UPRNs. `first` must begin with 9999, because no real UPRN begins with 9999."""
    return map(str, count(first, 7))


def _street_names(town: str, random: Random) -> Iterator[str]:
    words = (_SHORE if town == "Blackpool" else _INLAND).split()
    names = [f"{word} {kind}" for word, kind in product(words, _KINDS)]
    random.shuffle(names)
    return iter([*_WELSH, *names] if town == "Cardiff" else names)


def _street(town: str, postcode: str, name: str, uprns: Iterator[str], random: Random) -> Street:
    def home(**parts: str) -> Home:
        return Home(next(uprns), town, postcode, name, **parts)

    # One side of the street has only odd or only even numbers.
    first = random.choice((1, 2))
    flats = _STOREYS if town in _SCOTTISH else random.choice((_LETTERS, _FLOORS))
    houses = [(home(number=str(number)),) for number in range(first, first + 28, 2)]
    shared = tuple(home(number=str(first + 30), flat=flat) for flat in flats)
    court = random.choice(_BUILDINGS)
    block = tuple(home(number=str(first + 40), name=court, flat=f"Flat {flat}") for flat in range(1, 13))
    cottages = [(home(name=random.choice(_COTTAGES)),)] if random.random() < _COTTAGE_SHARE else []
    return Street((*houses, shared, block, *cottages))
