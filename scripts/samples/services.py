from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from random import Random
from typing import Final

from scripts.samples.homes import Home, Street, Town
from scripts.samples.numbers import LOST, MENDABLE, Numbers, two_numbers
from scripts.samples.writing import POSTCODES, UPRNS, address, address_style, dealt, postcode_style

SCHEME_SIZE: Final = 12
_SHARED_HOMES: Final = 3
_NO_LINE: Final = frozenset({"sim", "ip"})

# The styles of numbers, with the percentage of each. The other numbers are digits only.
_NUMBER_SHARES: Final = {
    "spaces": 26,
    "brackets": 5,
    "dashes": 2,
    "+44": 5,
    "+44 and spaces": 2,
    "+44 (0)": 2,
    "0044": 2,
    "44": 1,
    "leading zero lost": 8,
    "decimal point": 3,
    "letters for digits": 2,
    "extension": 1,
    "word beside it": 1,
    "two numbers": 3,
    "mobile": 3,
    "scientific notation": 1,
    "area code missing": 1,
    "words only": 1,
}

_UPRN_SHARES: Final = {"decimal point": 4, "zero padding": 4, "scientific notation": 1, "rounded": 1, "missing": 16}
_CONNECTION_SHARES: Final = {"sim": 6, "router": 6, "converter": 3, "ip": 2, "unknown": 5}
_STATUS_SHARES: Final = {"ended": 6, "suspended": 2}


@dataclass(frozen=True, slots=True)
class Service:
    reference: str
    home: Home
    # The true number of the alarm's line, or None.
    line: str | None
    number_style: str
    # The number in the register.
    cell: str
    uprn_style: str
    address_style: str
    postcode_style: str
    connection: str
    status: str
    scheme: str = ""

    @property
    def uprn(self) -> str:
        return UPRNS[self.uprn_style](self.home.uprn)

    @property
    def postcode(self) -> str:
        return POSTCODES[self.postcode_style](self.home.postcode)

    @property
    def address(self) -> list[str]:
        return address(self.home, self.address_style)

    @property
    def known_by_number(self) -> bool:
        return self.number_style in MENDABLE or self.number_style == "two numbers"

    @property
    def known_by_uprn(self) -> bool:
        return self.uprn_style in {"digits", "decimal point", "zero padding"}

    @property
    def known_by_postcode(self) -> bool:
        return self.postcode_style not in {"cut", "blank"}


def council_services(town: Town, prefix: str, size: int, numbers: Numbers, random: Random) -> list[Service]:
    # The services are in homes all over the town, and in a scheme of twelve flats that share one line.
    block = _block(random.choice(town.streets))
    single = _scattered(town, block, size - SCHEME_SIZE - _SHARED_HOMES, random)
    references = (f"{prefix}{number:05}" for number in random.sample(range(10_000, 99_999), size))
    services = list(_written(single, references, numbers, random))
    seconds = [replace(one, reference=next(references)) for one in _second_people(services)]
    scheme = _scheme(block, references, numbers.landline(block[0].town))
    return [*services, *scheme, *seconds]


def _block(street: Street) -> tuple[Home, ...]:
    return next(building for building in street.buildings if len(building) == SCHEME_SIZE)


def _scattered(town: Town, block: tuple[Home, ...], size: int, random: Random) -> list[Home]:
    # Flats of shared buildings are included. The flats of the scheme are added elsewhere.
    shared = [random.choice(homes) for homes in town.buildings() if len(homes) > 1 and homes != block]
    alone = list(chain.from_iterable(homes for homes in town.buildings() if len(homes) == 1))
    chosen = [*shared, *random.sample(alone, size - len(shared))]
    random.shuffle(chosen)
    return chosen


def _written(homes: list[Home], references: Iterator[str], numbers: Numbers, random: Random) -> Iterator[Service]:
    for home, (number_style, uprn_style, connection, status) in zip(homes, _kinds(len(homes), random), strict=True):
        line, style, cell = _line(home, number_style, connection, numbers)
        yield Service(
            next(references),
            home,
            line,
            style,
            cell,
            uprn_style,
            address_style(home, random),
            postcode_style(home.postcode, random),
            connection,
            status,
        )


def _kinds(size: int, random: Random) -> Iterator[tuple[str, str, str, str]]:
    # Every kind gets a fixed number of rows, so that each occurs at least once even in a small register.
    def deal(shares: dict[str, int], rest: str) -> list[str]:
        return dealt({kind: max(1, round(share * size / 100)) for kind, share in shares.items()}, rest, size, random)

    return zip(
        deal(_NUMBER_SHARES, "digits"),
        deal(_UPRN_SHARES, "digits"),
        deal(_CONNECTION_SHARES, "analogue_line"),
        deal(_STATUS_SHARES, "active"),
        strict=True,
    )


def _line(home: Home, style: str, connection: str, numbers: Numbers) -> tuple[str | None, str, str]:
    # An alarm with a SIM card has no landline number.
    if connection in _NO_LINE:
        return None, "none", ""
    line = numbers.landline(home.town)
    if style == "two numbers":
        return line, style, two_numbers(line, numbers.mobile())
    if style == "mobile":
        return line, style, numbers.mobile()
    return line, style, (MENDABLE | LOST)[style](line)


def _second_people(services: list[Service]) -> list[Service]:
    clean = [one for one in services if one.line and one.known_by_number and one.status == "active"]
    return clean[:_SHARED_HOMES]


def _scheme(block: tuple[Home, ...], references: Iterator[str], line: str) -> list[Service]:
    # The scheme is hard-wired: one communal line serves all its flats.
    name = block[0].name
    return [
        Service(
            next(references),
            home,
            line,
            "spaces",
            line,
            "digits",
            "as delivered",
            "canonical",
            "analogue_line",
            "active",
            name,
        )
        for home in block
    ]
