"""Reads postcodes in the formats that Royal Mail defines."""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from itertools import product
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

_AREA: Final = re.compile(
    "A[BL]|B[ABDFHLNRSTX]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|"
    "L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE"
)
_OUTWARD: Final = re.compile(
    "(?P<area>[A-Z]{1,2})(?:[0-9]|[1-9][0-9])|(?P<one>[A-Z])[0-9][A-HJKPSTUW]|(?P<two>[A-Z]{2})[0-9][ABEHMNPRVWXY]"
)
_INWARD: Final = re.compile("[0-9][ABD-HJLNP-UW-Z]{2}")
# A correctly written postcode, with or without its space. Most texts match, so one step reads them.
_CANONICAL: Final = re.compile(
    rf"((?:{_AREA.pattern})[1-9]?[0-9]|(?=[A-Z][0-9])(?:{_AREA.pattern})[0-9][A-HJKPSTUW]|"
    rf"(?=[A-Z]{{2}})(?:{_AREA.pattern})[0-9][ABEHMNPRVWXY]) ?({_INWARD.pattern})"
)
_SECTOR: Final = re.compile("(?P<outward>[A-Z0-9]{2,4}) ?(?P<sector>[0-9])")
# Characters that people confuse. In each pair, the first character is the one that was written.
_ALIKE: Final = {"O": "O0", "0": "0O", "I": "I1", "1": "1I"}
_OUTWARD_LENGTH: Final = 4
_INWARD_LENGTH: Final = 3
# A longer text is no postcode, even after stray characters are removed.
_LONGEST: Final = 12


class PostcodeMend(StrEnum):
    LETTERS_AND_DIGITS_SWAPPED = "letters_and_digits_swapped"


class PostcodeReading(NamedTuple):
    postcode: str
    mends: frozenset[PostcodeMend] = frozenset()


def read_postcode(text: str) -> PostcodeReading | None:
    """Read a postcode, and correct confused characters such as O and 0.

    Return None for any other text.
    """
    if canonical := _CANONICAL.fullmatch(text):
        return PostcodeReading(f"{canonical[1]} {canonical[2]}")
    tight = _tight(text)
    district = _read_outward(tight[:-_INWARD_LENGTH])
    inward = _first(tight[-_INWARD_LENGTH:], _is_inward)
    if district is None or inward is None:
        return None
    # If the reading differs from the text, the text was corrected.
    swapped = district + inward != tight
    return PostcodeReading(f"{district} {inward}", frozenset(PostcodeMend) if swapped else frozenset())


def read_area(text: str) -> str | None:
    """Return a postcode (`FY3 8AA`), a sector (`FY3 8`) or an outward code (`FY3`).

    Return None for any other text.
    """
    if full := read_postcode(text):
        return full.postcode
    spaced = " ".join(text.upper().split())
    # A space occurs in a sector or in a full postcode, never in an outward code.
    district = None if " " in spaced else _read_outward(_tight(spaced))
    if district:
        return district
    match = _SECTOR.fullmatch(spaced)
    district = _read_outward(match["outward"]) if match else None
    return f"{district} {match['sector']}" if match and district else None


def alike_postcodes(a: str, b: str) -> bool:
    """Return True if the postcodes differ by at most one typing error."""
    return a == b or OSA.distance(a, b, score_cutoff=1) <= 1


def outward(postcode: str) -> str:
    return postcode.partition(" ")[0]


def areas_of(postcode: str) -> tuple[str, str, str]:
    """Return the postcode, its sector and its outward code."""
    return postcode, postcode[:-2], outward(postcode)


def _tight(text: str) -> str:
    tight = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).upper()))
    # The result is empty if the text is too long to be a postcode.
    return tight if len(tight) <= _LONGEST else ""


def _read_outward(text: str) -> str | None:
    return _first(text, _is_outward) if len(text) <= _OUTWARD_LENGTH else None


def _first(text: str, fits: Callable[[str], bool]) -> str | None:
    # The unchanged text is tried first, so that a valid text is never changed.
    readings = product(*(_ALIKE.get(character, character) for character in text))
    return next((reading for reading in map("".join, readings) if fits(reading)), None)


def _is_outward(text: str) -> bool:
    match = _OUTWARD.fullmatch(text)
    return match is not None and _AREA.fullmatch(match[match.lastgroup or "area"]) is not None


def _is_inward(text: str) -> bool:
    return _INWARD.fullmatch(text) is not None
