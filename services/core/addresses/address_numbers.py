import re
from collections.abc import Iterable
from typing import Final, NamedTuple

# `[a-df-h]` are letters that may follow a number after a space. E is missing: in `18 e park rd` it means East.
_ONE: Final = r"(?:no )?(?P<first>\d{1,4})(?P<suffix>[a-z]| [a-df-h](?= |$))?"
_MORE: Final = r"(?P<joint>-| to | & |/)(?P<last>\d{1,4})?(?P<last_suffix>[a-z])?(?<![-/ ])"
_NUMBER: Final = re.compile(rf"(?<![\w/]){_ONE}(?:{_MORE})?(?![\w/])")
# A longer range is a typing error or a reference, so only its first and last number are kept.
_LONGEST_RANGE: Final = 60


class HouseNumber(NamedTuple):
    # "18a-18c" is one house number.
    numbers: tuple[str, ...]
    sub_units: tuple[str, ...]
    # The positions of the text in the segment.
    start: int
    end: int


def house_numbers(text: str, *, of_building: bool) -> list[HouseNumber]:
    return [_read(match, of_building=of_building) for match in _NUMBER.finditer(text)]


def _read(match: re.Match[str], *, of_building: bool) -> HouseNumber:
    first_digits, suffix, joint, last_digits, last_suffix = match.groups()
    first, letter = int(first_digits), (suffix or "").strip()
    if joint is None:
        return _placed(match, [first], letter)
    last = int(last_digits or first_digits)
    # `18a-18c`, also written `18a-c`, means the sub-units a to c of number 18.
    if last_suffix and last == first:
        return _placed(match, [first], _letters(letter, last_suffix))
    # `18/20` means both houses, and `18/3` means flat 3 of number 18.
    if joint == "/" and last != first + 2:
        return _placed(match, [first], [*letter, str(last)])
    # An ampersand joins two numbers. The numbers between them are not included.
    if joint == " & ":
        return _placed(match, [first, last], letter)
    return _placed(match, _range(first, last, of_building=of_building), letter)


def _placed(match: re.Match[str], numbers: list[int], sub_units: Iterable[str]) -> HouseNumber:
    return HouseNumber(tuple(map(str, numbers)), tuple(sub_units), match.start(), match.end())


def _range(first: int, last: int, *, of_building: bool) -> list[int]:
    if first == last or not first < last <= first + _LONGEST_RANGE:
        return list(dict.fromkeys((first, last)))
    # A range along a street has only odd or only even numbers. A range of flats in a building has both.
    one_side = (last - first) % 2 == 0 and not of_building
    return list(range(first, last + 1, 2 if one_side else 1))


def _letters(first: str, last: str) -> list[str]:
    if not first or first > last:
        return [*first, last]
    return [chr(code) for code in range(ord(first), ord(last) + 1)]
