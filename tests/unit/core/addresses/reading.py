from __future__ import annotations

from services.core.addresses.address import AddressParts, parse_address


def parts(sub_units: str = "", numbers: str = "", street: str = "", building: str = "") -> AddressParts:
    return AddressParts(frozenset(sub_units.split("|")) - {""}, frozenset(numbers.split()), street, building)


def sub_units(line: str) -> str:
    return "|".join(sorted(parse_address([line]).sub_units))
