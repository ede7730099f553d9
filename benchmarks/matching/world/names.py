"""Invents the names of towns, streets and buildings. No list of real names is used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import Final


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_WORDS: Final = _split(
    "Acorn Alder Anvil Ash Badger Barley Beacon Birch Bluebell Bracken Bramble Briar Canal Castle Cedar Chapel "
    "Chestnut Church Clover Copper Cross Curlew Dairy Dale Elm Falcon Fern Forge Foundry Gorse Grange Hawthorn Hazel "
    "Heather Heron High Hill Holly Ivy Juniper Kestrel Kiln King's Lark Larch Laurel Lime Linden Lower Main Maple "
    "Marsh Meadow Mill New North Oak Orchard Park Pear Pine Plover Pond Poplar Quarry Queen's Robin Rowan Sandpiper "
    "School Sluice South Spring Station Swallow Tanner Thistle Union Upper Victoria Walnut West Willow Wren Yew"
)
_SAINTS: Final = ("St Anne's", "St John's", "St Mary's")
_STREETS: Final = (*_WORDS, *_SAINTS)
_KINDS: Final = _split(
    "Road Street Avenue Close Drive Lane Grove Crescent Terrace Gardens Place Court Mount Way Row Walk"
)
_LANES: Final = ("Hill", "Bank", "Fold", "Brow", "Green")
_BUILDINGS: Final = ("Court", "Court", "House", "House", "Lodge", "Mill", "Point", "Apartments", "Heights")
_HOUSES: Final = _split(
    "Cottage House Lodge Farm Barn View Bungalow Croft End Nook Holme Villa Stables Farmhouse Granary Gables"
)
_TOWN_STARTS: Final = _split(
    "Ald Amber Ash Black Bram Brock Carn Crow Dun East Elms Fal Farn Glas Hard Hazel Ken Lang Mar Nether Old Pen Quarn "
    "Red Sand Thorn Up War West Wyn"
)
_TOWN_ENDS: Final = _split(
    "bridge by combe den field ford gate ham hurst ley mere moor port stead thorpe ton wick worth"
)
_LOCALITIES: Final = _split(
    "Northside Eastfields Westmoor Southbank Hillside Oldtown Lowfold Moorend Newpark Riverside"
)


def town_names(source: Random) -> list[str]:
    return _shuffled(_TOWN_STARTS, _TOWN_ENDS, "", source)


def street_names(source: Random) -> list[str]:
    """Each name occurs once. Many are similar, such as `Mill Road` and `Mill Close`."""
    return _shuffled(_STREETS, _KINDS, " ", source)


def lane_names(source: Random) -> list[str]:
    return _shuffled(_STREETS, _LANES, " ", source)


def building_name(source: Random) -> str:
    return f"{source.choice(_STREETS)} {source.choice(_BUILDINGS)}"


def house_name(source: Random) -> str:
    first = source.choice(_STREETS) if source.random() < 0.8 else "The"
    return f"{first} {source.choice(_HOUSES)}"


def localities(source: Random) -> list[str]:
    return source.sample(_LOCALITIES, 4)


def _shuffled(starts: Sequence[str], ends: Sequence[str], between: str, source: Random) -> list[str]:
    names = [f"{start}{between}{end}" for start, end in product(starts, ends)]
    source.shuffle(names)
    return names
