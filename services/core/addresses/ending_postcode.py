import re
from collections.abc import Sequence
from typing import Final

from services.core.addresses.postcode import read_postcode

# A comma or semicolon also ends a line.
_PARTS: Final = re.compile(r"[,;\r\n]+")
_ENDING: Final = re.compile(r"(?:^|[\s(])([A-Za-z]{1,2}[0-9][A-Za-z0-9]?\s{0,3}[0-9][A-Za-z]{2})[\s.)]{0,3}$")
# No part with a postcode is longer from its last word but one.
_TAIL: Final = 16


def ending_postcode(lines: Sequence[str]) -> str | None:
    """Return the postcode at the end of a line.

    Return None if no line ends with a postcode, or if the postcodes differ.
    """
    found = set()
    for line in lines:
        for part in _PARTS.split(line):
            match = _ENDING.search(f" {part}"[-_TAIL:])
            reading = read_postcode(match[1]) if match else None
            if reading is not None:
                found.add(reading.postcode)
    # Two postcodes may be two homes.
    return found.pop() if len(found) == 1 else None
