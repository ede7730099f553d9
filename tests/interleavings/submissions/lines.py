from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

Row = dict[str, Any]

# Ofcom's fictional numbers, without their last three digits.
_EXCHANGES = (
    "01632 960",
    "07700 900",
    *(f"01{code} 496 0" for code in (13, 14, 15, 16, 17, 18, 21, 31, 41, 51, 61)),
    "0191 498 0",
    "020 7946 0",
    "029 2018 0",
)
# The letters that the inward part of a postcode may have.
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_INWARD = tuple(map("".join, product("0123456789", _LETTERS, _LETTERS)))
_HOMES_A_POSTCODE = 2


def telephone_line(number: int) -> Row:
    # The 16,000 numbers repeat.
    exchange, last = divmod(number % (1000 * len(_EXCHANGES)), 1000)
    return {"cli": f"{_EXCHANGES[exchange]}{last:03}"}


def property_line(number: int) -> Row:
    return {"uprn": str(100_000_000_000 + number)}


def address_line(number: int) -> Row:
    # Two addresses share each postcode.
    code, deployment = divmod(number, _HOMES_A_POSTCODE)
    district, inward = divmod(code, len(_INWARD))
    return {"postcode": f"FY{district % 10} {_INWARD[inward]}", "address_lines": [f"{14 + deployment} Lapwing Close"]}


KINDS: tuple[Callable[[int], Row], ...] = (telephone_line, property_line, address_line)
