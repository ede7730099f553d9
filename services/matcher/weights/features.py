"""Says which parts of two records agree and which differ. All functions are pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from services.core.addresses.address import AddressParts
from services.core.addresses.postcode import alike_postcodes, outward
from services.matcher.addresses import AddressReason, Agreement, Level


class Alike(StrEnum):
    # The values are keys of the parameter files.
    SAME = "same"
    # Postcodes of one post town: `FY3 8AB` and `FY3 9XY`.
    OUTWARD = "outward"
    DIFFER = "differ"
    MISSING = "missing"  # from at least one of the two


# One of the two addresses lacks the part. If both lack it, the value is empty.
ONE_LACKS: Final = "one_lacks"
BOTH_LACK: Final = ""


class Pattern(NamedTuple):
    # Each of the first four is an `AddressReason`, `ONE_LACKS` or `BOTH_LACK`.
    units: str
    numbers: str
    streets: str
    buildings: str
    postcodes: Alike


class Features(NamedTuple):
    pattern: Pattern
    telephones: Alike
    uprns: Alike
    # How the addresses agree as a whole. A UPRN says little if the flats of its building share it.
    level: Level

    @property
    def clashes(self) -> bool:
        return self.level is Level.CLASH


def pattern_of(
    agreement: Agreement, mine: AddressParts | None, theirs: AddressParts | None, postcodes: Alike
) -> Pattern:
    found = {_PLACES[reason]: str(reason) for reason in agreement.reasons}
    lacks = (BOTH_LACK, BOTH_LACK)
    if mine is not None and theirs is not None:
        lacks = (_lack(mine.street, theirs.street), _lack(mine.building, theirs.building))
    return Pattern(
        found.get("units", BOTH_LACK),
        found.get("numbers", BOTH_LACK),
        found.get("streets", lacks[0]),
        found.get("buildings", lacks[1]),
        postcodes,
    )


def like_postcodes(a: str | None, b: str | None) -> Alike:
    if not (a and b):
        return Alike.MISSING
    if alike_postcodes(a, b):
        return Alike.SAME
    return Alike.OUTWARD if outward(a) == outward(b) else Alike.DIFFER


def _lack(a: str, b: str) -> str:
    return ONE_LACKS if a or b else BOTH_LACK


_PLACES: Final = {
    AddressReason.SUB_UNITS_AGREE: "units",
    AddressReason.SUB_UNITS_CLASH: "units",
    AddressReason.SUB_UNIT_MISSING: "units",
    AddressReason.SUB_UNITS_ALIKE: "units",
    AddressReason.SUB_UNITS_NAMED_OTHERWISE: "units",
    AddressReason.NUMBERS_AGREE: "numbers",
    AddressReason.NUMBERS_CLASH: "numbers",
    AddressReason.NUMBER_MISSING: "numbers",
    AddressReason.NUMBER_IN_A_RANGE: "numbers",
    AddressReason.NUMBER_IN_ANOTHER_PLACE: "numbers",
    AddressReason.STREETS_AGREE: "streets",
    AddressReason.STREETS_ALIKE: "streets",
    AddressReason.STREETS_DIFFER: "streets",
    AddressReason.BUILDINGS_AGREE: "buildings",
    AddressReason.BUILDINGS_ALIKE: "buildings",
    AddressReason.BUILDINGS_DIFFER: "buildings",
    AddressReason.ONE_IS_BESIDE_THE_HOME: "buildings",
}
