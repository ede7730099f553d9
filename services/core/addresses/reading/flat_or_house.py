import re
from typing import Final

from services.core.addresses.reading.names import NameKind, read_name
from services.core.addresses.spelling.vocabulary import FLAT

# The name of a flat without a name of its own: `flat 74 high st` is often the flat over the shop at 74.
UNNAMED_FLAT: Final = "flat"
_FLAT_BEFORE_STREET: Final = re.compile(rf"(?:the )?(?:{FLAT}) (?P<rest>\d{{1,4}}[a-z]? (?P<street>[a-z]{{2}}\D*))")
_FLATS: Final = ("the ", *FLAT.split("|"))
_DIGIT: Final = re.compile(r"\d")


def with_the_flat_or_the_house(segments: list[str]) -> tuple[set[str], list[str]]:
    """Remove the word "flat" before the only number of an address, if a street follows the number.

    The number is then read as the house number, but may be the number of a flat. So the sub-unit is `flat`.
    """
    for place, segment in enumerate(segments):
        match = _FLAT_BEFORE_STREET.fullmatch(segment) if segment.startswith(_FLATS) else None
        if match is None:
            continue
        others = segments[:place] + segments[place + 1 :]
        name = read_name(match["street"].split())
        if name.kind is NameKind.STREET and not name.building and not any(map(_DIGIT.search, others)):
            return {UNNAMED_FLAT}, [*segments[:place], match["rest"], *segments[place + 1 :]]
    return set(), segments
