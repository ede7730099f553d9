from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from benchmarks.matching.world.homes import Home
from benchmarks.matching.world.streets import STREETS, Town, sheltered

# The homes of a sheltered block. A town that is too small for one has none.
_SHELTERED: Final = (100, 300)
_SMALLEST_TOWN: Final = 2_000


@dataclass
class TownHomes:
    # Every dwelling and every building, street by street.
    all: list[Home] = field(default_factory=list)
    sheltered: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.buildings = {home.building for home in self.all if home.building}
        self.dwellings = [home for home in self.all if home.uprn not in self.buildings]
        self._by_postcode: dict[str, list[Home]] = defaultdict(list)
        for home in self.dwellings:
            self._by_postcode[home.postcode].append(home)

    def neighbours(self, home: Home) -> Sequence[Home]:
        """Return the previous and the next dwelling with the same postcode, if any."""
        street = self._by_postcode[home.postcode]
        place = street.index(home)
        return [*street[max(0, place - 1) : place], *street[place + 1 : place + 2]]


def build_town(index: int, name: str, dwellings: int, source: Random) -> TownHomes:
    town = Town(index, name, source)
    homes: list[Home] = []
    block: list[Home] = []
    if dwellings >= _SMALLEST_TOWN:
        block = list(sheltered(town, source, source.randint(*_SHELTERED)))
        homes += block
    kinds, weights = zip(*STREETS, strict=True)
    while len(homes) - len({home.building for home in homes if home.building}) < dwellings:
        homes += source.choices(kinds, weights)[0](town, source)
    return TownHomes(homes, frozenset(home.uprn for home in block if home.building))
