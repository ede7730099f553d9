"""The formats of UK telephone numbers, from Ofcom's National Telephone Numbering Plan."""
# Numbers of Jersey, Guernsey and the Isle of Man count as UK numbers.

import re
from typing import Final

COUNTRY_CODE: Final = "+44"

# The only areas whose numbers have nine digits. Local numbers have five digits there, or four in Brampton (016977).
_AREAS_WITH_NINE_DIGITS: Final = (
    "204|208|254|276|297|298|363|364|384|386|404|420|460|461|480|488|524|527|562|566|606|629|635|647|659|695|"
    "726|744|750|768|827|837|884|900|905|935|946|949|963|995"
)

# Ten equal digits are typed only to fill a compulsory field. The rule refuses them where no such number can exist.
_NATIONAL: Final = (
    r"(?!(?P<filler>[1289])(?P=filler){9}\Z)"
    r"(?:[1-3789][0-9]{9}|5[56][0-9]{8}"
    rf"|1(?:{_AREAS_WITH_NINE_DIGITS})[0-9]{{5}}|16977[0-9]{{4}}|800[0-9]{{6}}|8001111|845464[0-9])"
)

_WRITTEN: Final = re.compile(rf"(?:(?:\+44|0044|44)0?|0)?({_NATIONAL})")
# `44` without a plus is a country code only if a zero or nine digits follow.
_PREFIX: Final = re.compile(r"(?:\+44|0044|44(?=0|[0-9]{9}))0?|0(?!0)")
# 07624 is the Isle of Man. Other numbers that begin with 076 are pagers.
_MOBILE: Final = re.compile(r"\+447(?:[1-57-9]|624)")
# The sizes of the groups of digits as people write them, by the start of the number. The first match decides.
_GROUPS: Final = tuple(
    (re.compile(pattern), sizes)
    for pattern, sizes in (
        # The first is Childline. The second is the old short number of NHS Direct.
        ("8001111", (3,)),
        ("845464", (3, 2)),
        (r"800[0-9]{6}\Z", (3,)),
        ("1(?:3873|5(?:242|39[4-6])|(?:697|768)[347]|9467)", (5,)),
        ("1(?:[2-69][02-9]|[78])", (4,)),
        ("[25]|70|76(?:[03-9]|2[356])", (2, 4)),
        ("7", (4,)),
        ("", (3, 3)),
    )
)


def national_number(written: str) -> re.Match[str] | None:
    """Match a text that is exactly one UK number.

    Group 1 is the number without country code and leading zero.
    """
    return _WRITTEN.fullmatch(written)


def without_prefix(written: str) -> str:
    return _PREFIX.sub("", written, count=1) if _PREFIX.match(written) else written


def is_mobile(e164: str) -> bool:
    """Return False for personal numbers (070) and pagers (076), but True for 07624 (Isle of Man)."""
    return _MOBILE.match(e164) is not None


def national(e164: str) -> str:
    """Return the number in national form, such as `01632 960123`.

    Raises ValueError if the text is not a UK number in E.164 form.
    """
    if not e164.startswith(COUNTRY_CODE) or national_number(e164) is None:
        raise ValueError("This is not a UK number in E.164 form. Pass a number that read_numbers returned.")
    digits = e164.removeprefix(COUNTRY_CODE)
    sizes = next(sizes for pattern, sizes in _GROUPS if pattern.match(digits))
    return "0" + " ".join(_grouped(digits, sizes))


def _grouped(digits: str, sizes: tuple[int, ...]) -> list[str]:
    groups = []
    for size in sizes:
        groups.append(digits[:size])
        digits = digits[size:]
    return [*groups, digits]
