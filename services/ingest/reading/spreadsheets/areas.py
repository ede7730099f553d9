"""All functions are pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from services.core.addresses.postcode import read_area

_TIGHT: Final = re.compile(r"(?P<outward>[A-Za-z]{1,2}[0-9][A-Za-z0-9]?)(?P<sector>[0-9])")


def holds_sectors(headings: Sequence[str]) -> bool:
    return bool(headings) and all(
        "sector" in text and "district" not in text and "area" not in text for text in map(str.casefold, headings)
    )


def as_sector(code: str) -> str:
    """Put the missing blank into a postcode sector: `FY38` gives `FY3 8`. Other texts are not changed."""
    match = _TIGHT.fullmatch(code)
    if match is None or read_area(match["outward"]) is None:
        return code
    return f"{match['outward']} {match['sector']}"
