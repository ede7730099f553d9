"""Pure. Compares the names of flats and of other dwellings in a building."""

from enum import Enum, auto
from itertools import product
from string import ascii_lowercase
from typing import Final

from services.core.addresses.reading.apart import APART
from services.core.addresses.reading.floors import is_floor
from services.core.addresses.spelling.vocabulary import ORDINALS

_FLOOR: Final = "floor"
_UPPER: Final = frozenset(range(1, len(ORDINALS) + 1))
# The storeys on which a floor may be. A garden is on the ground floor or below, and the top floor is any upper floor.
_STOREYS: Final = {
    "basement": frozenset({-1}),
    "lower ground": frozenset({-1}),
    "garden": frozenset({-1, 0}),
    "lower": frozenset({-1, 0}),
    "ground": frozenset({0}),
    "upper ground": frozenset({0}),
    **{name: frozenset({storey}) for storey, name in enumerate(ORDINALS, 1)},
    **dict.fromkeys(("upper", "top", "attic", "loft", "penthouse"), _UPPER),
}
_OPPOSITES: Final = ({"left", "right"}, {"left", "middle"}, {"middle", "right"}, {"front", "rear"})
_SIDES: Final = frozenset().union(*_OPPOSITES)


class UnitLikeness(Enum):
    AGREE = auto()
    # One address adds to the name, or both name the flat in ways that often mean the same.
    ALIKE = auto()
    NAMED_OTHERWISE = auto()
    CLASH = auto()


def like_units(a: frozenset[str], b: frozenset[str]) -> UnitLikeness:
    if a == b:
        return UnitLikeness.AGREE
    in_a, in_b = _by_manner(a), _by_manner(b)
    if any(_contradict(manner, in_a[manner], in_b[manner]) for manner in in_a.keys() & in_b.keys()):
        return UnitLikeness.CLASH
    # `Flat 3` and `Flat 3, first floor` agree: the floor adds to the name and contradicts nothing.
    if a & b and in_a | {_FLOOR: set()} == in_b | {_FLOOR: set()}:
        return UnitLikeness.AGREE
    if _on_one_floor(in_a, in_b) or _one_range(in_a, in_b) or _one_place(a, b):
        return UnitLikeness.ALIKE
    return UnitLikeness.NAMED_OTHERWISE


def _contradict(manner: str, names: set[str], others: set[str]) -> bool:
    # `a` and `c` are two flats, because both are letters. `a` and `ground` may be one flat, so names of different kinds
    # never contradict each other.
    if not names.isdisjoint(others):
        return False
    return manner != _FLOOR or all(_floors_contradict(*pair) for pair in product(names, others))


def _floors_contradict(a: str, b: str) -> bool:
    # `first left` and `first` may mean the same flat.
    (storeys, side), (other_storeys, other_side) = _floor_and_side(a), _floor_and_side(b)
    if storeys and other_storeys and storeys.isdisjoint(other_storeys):
        return True
    # `top` and `upper` share storeys, and so does every floor with itself.
    return {side, other_side} in _OPPOSITES


def _floor_and_side(name: str) -> tuple[frozenset[int], str]:
    floor, _, side = name.rpartition(" ")
    if side not in _SIDES:
        floor, side = name, ""
    return _STOREYS.get(floor, frozenset()), side


def _on_one_floor(in_a: dict[str, set[str]], in_b: dict[str, set[str]]) -> bool:
    # `Second Floor Flat` and `Flat A, Second Floor`, if one address alone has the letter or the number.
    if in_a.get(_FLOOR, set()).isdisjoint(in_b.get(_FLOOR, set())):
        return False
    return in_a.keys() == {_FLOOR} or in_b.keys() == {_FLOOR}


def _one_range(in_a: dict[str, set[str]], in_b: dict[str, set[str]]) -> bool:
    # `Flats 1-3` holds flat 2.
    return in_a.keys() == in_b.keys() and _FLOOR not in in_a and len(in_a) == 1


def _one_place(a: frozenset[str], b: frozenset[str]) -> bool:
    # Flat B is often the second flat.
    if len(a) != 1 or len(b) != 1:
        return False
    (one,), (other,) = a, b
    return _place(one) == other or _place(other) == one


def _place(letter: str) -> str | None:
    return str(ascii_lowercase.index(letter) + 1) if letter in _LETTERS else None


_LETTERS: Final = frozenset(ascii_lowercase)


def _by_manner(units: frozenset[str]) -> dict[str, set[str]]:
    manners: dict[str, set[str]] = {}
    for unit in units:
        manners.setdefault(_manner(unit), set()).add(unit)
    return manners


def _manner(unit: str) -> str:
    if unit in _LETTERS:
        return "letter"
    # Scottish tenements: `2/1` is the second floor, first flat. `t/1` is on a floor without a number.
    if "/" in unit:
        return "storey" if unit[0].isdecimal() else unit
    if unit in APART:
        return unit
    return _FLOOR if is_floor(unit) else "number"
