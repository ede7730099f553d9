from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Final

from scripts.samples.homes import Home

# A small field of an old system cuts an address line after this number of characters.
_FIELD_LENGTH: Final = 14

_SHORT: Final = {
    "Road": "Rd",
    "Avenue": "Ave",
    "Close": "Cl",
    "Lane": "Ln",
    "Street": "St",
    "Grove": "Gr",
    "Drive": "Dr",
    "Crescent": "Cres",
    "Terrace": "Terr",
    "Place": "Pl",
    "Court": "Ct",
    "House": "Hse",
    "Flat": "Flt",
    "Floor": "Flr",
    "Ground": "Grd",
}
_RENAMED: Final = {
    "Flat A": "Ground Floor Flat",
    "Flat B": "First Floor Flat",
    "Flat C": "Top Flat",
    "Ground Floor Flat": "Flat 1",
    "First Floor Flat": "Flat 2",
    "Top Floor Flat": "Flat 3",
}

UPRNS: Final[dict[str, Callable[[str], str]]] = {
    "digits": str,
    "decimal point": lambda uprn: f"{uprn}.0",
    "zero padding": lambda uprn: uprn.zfill(12),
    "scientific notation": lambda uprn: f"{int(uprn):.5E}",
    "rounded": lambda uprn: f"{uprn[:6]}{'0' * (len(uprn) - 6)}",
    "missing": lambda _: "",
}

POSTCODES: Final[dict[str, Callable[[str], str]]] = {
    "canonical": str,
    "lower case": str.lower,
    "no space": lambda postcode: postcode.replace(" ", ""),
    "O for 0": lambda postcode: postcode.replace("0", "O"),
    "I for 1": lambda postcode: postcode.replace("1", "I"),
    "cut": lambda postcode: postcode[:-2],
    "blank": lambda _: "",
}


_POSTCODE_WEIGHTS: Final = {
    "canonical": 70,
    "lower case": 6,
    "no space": 12,
    "O for 0": 12,
    "I for 1": 6,
    "cut": 1,
    "blank": 11,
}


def dealt(counts: Mapping[str, int], rest: str, size: int, random: Random) -> list[str]:
    """Return `size` kinds in random order.

    Each kind in `counts` occurs as often as its count says. The kind `rest` fills the remaining places.
    """
    kinds = [kind for kind, times in counts.items() for _ in range(times)]
    kinds += [rest] * (size - len(kinds))
    random.shuffle(kinds)
    return kinds


def shortened(text: str) -> str:
    return " ".join(_SHORT.get(word, word) for word in text.split())


def _is_converted(home: Home) -> bool:
    return bool(home.flat and not home.name)


def _suffixed(home: Home) -> list[str]:
    return [f"{home.number}{home.flat.removeprefix('Flat ')} {home.street}"]


def _ranged(home: Home) -> list[str]:
    return [f"{home.number}-{int(home.number) + 2} {home.street}"]


# For each style: a test if the style fits a home, and a function that writes the home.
ADDRESSES: Final[dict[str, tuple[Callable[[Home], bool], Callable[[Home], list[str]]]]] = {
    "as delivered": (lambda _: True, lambda home: home.lines),
    "upper case": (lambda _: True, lambda home: [line.upper() for line in home.lines]),
    "short forms": (lambda _: True, lambda home: [shortened(line) for line in home.lines]),
    "one line": (lambda home: len(home.lines) > 1, lambda home: [" ".join(home.lines)]),
    "cut": (lambda _: True, lambda home: [line[:_FIELD_LENGTH].rstrip() for line in home.lines]),
    "flat dropped": (lambda home: bool(home.flat), lambda home: replace(home, flat="").lines),
    "flat renamed": (lambda home: home.flat in _RENAMED, lambda home: replace(home, flat=_RENAMED[home.flat]).lines),
    "flat called Apt": (
        lambda home: home.flat.removeprefix("Flat ").isdigit(),
        lambda home: replace(home, flat=home.flat.replace("Flat", "Apt")).lines,
    ),
    "suffix": (lambda home: _is_converted(home) and home.flat in {"Flat A", "Flat B", "Flat C"}, _suffixed),
    "range": (lambda home: bool(home.number and not home.flat), _ranged),
    "building name only": (lambda home: bool(home.name), lambda home: [home.name]),
    "street missing": (lambda home: bool(home.name and home.flat), lambda home: [home.flat, home.name]),
}

_ADDRESS_WEIGHTS: Final = {
    "as delivered": 60,
    "upper case": 8,
    "short forms": 12,
    "one line": 5,
    "cut": 5,
    "flat dropped": 4,
    "flat renamed": 12,
    "flat called Apt": 5,
    "suffix": 20,
    "range": 4,
    "building name only": 3,
    "street missing": 5,
}


def address_style(home: Home, random: Random) -> str:
    # With these weights a clean address is the most frequent.
    fitting = [style for style, (fits, _) in ADDRESSES.items() if fits(home)]
    return random.choices(fitting, [_ADDRESS_WEIGHTS[style] for style in fitting])[0]


def postcode_style(postcode: str, random: Random) -> str:
    # A style that changes nothing does not fit: only a postcode with a zero can have the letter O in its place.
    fitting = [style for style, write in POSTCODES.items() if style == "canonical" or write(postcode) != postcode]
    return random.choices(fitting, [_POSTCODE_WEIGHTS[style] for style in fitting])[0]


def address(home: Home, style: str) -> list[str]:
    return ADDRESSES[style][1](home)


def reworded(home: Home) -> list[str]:
    # The address says "Apartment" instead of "Flat".
    flat = home.flat.removeprefix("Flat ")
    renamed = f"Apartment {flat}" if flat.isdigit() else home.flat
    return [", ".join(shortened(line) for line in replace(home, flat=renamed).lines)]
