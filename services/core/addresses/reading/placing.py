from itertools import pairwise
from typing import Final

from services.core.addresses.reading.floors import is_floor
from services.core.addresses.reading.names import MOST_NAMES, NAME_JOINT, NameKind, without_locality
from services.core.addresses.reading.numbers import HouseNumber
from services.core.addresses.reading.sections import AddressPart
from services.core.addresses.spelling.short_forms import LONG, written_out
from services.core.addresses.spelling.vocabulary import ONE_HOME_WORDS

_WEAK: Final = 1
_ONE_HOME: Final = frozenset(LONG.get(word, word) for word in ONE_HOME_WORDS)
# Score of a name as the street, by its kind. The first score is for a name without a number, the second for a name
# with a number.
_STREETNESS: Final = {
    NameKind.BUILDING: (0, 0),
    NameKind.UNKNOWN: (0, _WEAK + 1),
    NameKind.WEAK_STREET: (_WEAK, _WEAK + 2),
    NameKind.STREET: (_WEAK + 3, _WEAK + 4),
}
_NUMBERED_UNKNOWN: Final = _STREETNESS[NameKind.UNKNOWN][True]
_FOLLOW_A_FLAT: Final = (NameKind.UNKNOWN, NameKind.BUILDING)


def street_place(parts: list[AddressPart]) -> int | None:
    place, best, is_numbered = None, 0, False
    for index, (numbers, _, name) in enumerate(parts):
        score = _STREETNESS[name.kind][bool(numbers)] if name.street else 0
        # The first of two numbers is the flat in a building: `2 beacon mill, 10 moorend`, `2 beacon mill, 10 maple ct`.
        if numbers and best == _NUMBERED_UNKNOWN and name.kind in _FOLLOW_A_FLAT:
            place, best = (index, score) if score else (None, 0)
        is_numbered = is_numbered or bool(numbers)
        if score > best:
            place, best = index, score
    # Without a number, a weak street word ends the name of a house: `meadow view`, `westmoor`. But not after a name:
    # `the barn, pine fold`.
    return place if best > _WEAK or is_numbered or (place and parts[0].text) else None


# One list writes the word "the" in a name and another list leaves it out.
_THE: Final = "the "


def street_name(street: AddressPart | None) -> str:
    if street is None:
        return ""
    kind, _, name = street.name
    return (without_locality(name) if kind is NameKind.UNKNOWN else name).removeprefix(_THE)


def building_name(street: AddressPart | None, outside: list[AddressPart]) -> str:
    """Return the names before the street.

    `outside` has the parts before the street, or all parts if there is no street.
    """
    if outside:
        names: list[str] = []
        for part in outside:
            text = written_out(part.before) if part.before else part.text
            # Without a street, a later name may be the locality. Only a building of a known kind is not: `maple court`.
            if text and (street or not names or part.name.kind is NameKind.BUILDING):
                names.append(text.removeprefix(_THE))
        if names:
            return NAME_JOINT.join(names[:MOST_NAMES])
    if street is None:
        return ""
    return (written_out(street.before) if street.before else street.name.building).removeprefix(_THE)


def place_numbers(units: set[str], street: AddressPart | None, outside: list[AddressPart]) -> set[str]:
    """Return the house numbers, and add the numbers and letters of flats to `units`."""
    within, houses = _told_apart(street, outside)
    is_flat_named = bool(units)
    numbers: set[str] = set()
    for house in houses:
        numbers.update(house.numbers)
    last = (*within, *houses)[-1:]
    for number in within:
        # A lone number in a building is the flat, unless the address names a sub-unit already. A floor does not name
        # the flat, so in `105 second floor, maple court, 16 high street` the flat is 105.
        is_named = units and (number in last or not all(map(is_floor, units)))
        is_dwelling = not is_named and not number.sub_units and len(number.numbers) == 1
        (units if is_dwelling else numbers).update(number.numbers)
    for number in (*within, *houses):
        # In `flat 2 12a-12c high st` the letters name the building.
        if number.sub_units and not (number.is_range and is_flat_named):
            units.update(number.sub_units)
    return numbers


def _told_apart(street: AddressPart | None, outside: list[AddressPart]) -> tuple[list[HouseNumber], list[HouseNumber]]:
    within: list[HouseNumber] = []
    houses: list[HouseNumber] = []
    for part in outside:
        # A number beside the name of a building belongs to the building. Other numbers belong to the street.
        if part.numbers:
            (within if part.text and not _is_one_home(part) else houses).extend(part.numbers)
    if street is None:
        return within, houses
    if street.name.building and not _is_one_home(street):
        return within + street.numbers, houses
    # Two numbers in a row are flat and house: `3 18 high st` leaves out the word "flat".
    for number, following in pairwise(street.numbers):
        (within if following.start - number.end <= 1 else houses).append(number)
    return within, houses + street.numbers[-1:]


def _is_one_home(part: AddressPart) -> bool:
    name = part.name.building
    return bool(name) and name.rpartition(" ")[2] in _ONE_HOME
