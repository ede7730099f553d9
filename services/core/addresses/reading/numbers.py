import re
from collections.abc import Iterable
from typing import Final, NamedTuple

# `[a-df-h]` are letters that may follow a number after a space. E is missing: in `18 e park rd` it means East.
_ONE: Final = r"(?:no )?(?P<first>\d{1,4})(?P<half>½)?(?P<suffix>[a-z]| [a-df-h](?= |$))?"
_MORE: Final = r"(?P<joint>-| to | & |/)(?P<last>\d{1,4})?(?P<last_suffix>[a-z])?(?<![-/ ])"
_NUMBER: Final = re.compile(rf"(?<![\w/]){_ONE}(?:{_MORE})?(?![\w/])")
_HALF: Final = re.compile(r"(?<![\w/])(?P<number>\d{1,4})(?: & (?:a )?half|(?: & | |-)1/2)(?![\w/])")
# A longer range is a typing error or a reference, so only its first and last number are kept.
_LONGEST_RANGE: Final = 60


class HouseNumber(NamedTuple):
    # "18a-18c" is one house number.
    numbers: tuple[str, ...]
    sub_units: tuple[str, ...]
    # The positions of the text in the segment.
    start: int
    end: int
    # True for the letters of a range: they are the whole building, if the address also names a flat.
    is_range: bool = False


def with_halves(text: str) -> str:
    """Write the half in a house number as one character: `144 & a half` and `144 1/2` give `144½`."""
    return _HALF.sub(r"\g<number>½", text) if "half" in text or "1/2" in text else text


def house_numbers(text: str, *, of_building: bool) -> list[HouseNumber]:
    return [_read(match, of_building=of_building) for match in _NUMBER.finditer(text)]


def _read(match: re.Match[str], *, of_building: bool) -> HouseNumber:
    first_digits, half, suffix, joint, last_digits, last_suffix = match.groups()
    first, letter = int(first_digits), (suffix or "").strip()
    if half:
        return HouseNumber((f"{first}½",), tuple(letter), match.start(), match.end())
    if joint is None:
        return _placed(match, [first], letter)
    last = int(last_digits or first_digits)
    # `18a-18c`, also written `18a-c`, means the sub-units a to c of number 18.
    if last_suffix and last == first:
        return _lettered(match, first, letter, last_suffix)
    # `18/20` means both houses, and `18/3` means flat 3 of number 18.
    if joint == "/" and last != first + 2:
        return _placed(match, [first], [*letter, str(last)])
    # An ampersand joins two numbers. The numbers between them are not included.
    numbers = [first, last] if joint == " & " else _range(first, last, of_building=of_building)
    # In `12a-14` the letter is no flat: it belongs to the end of the range.
    return _placed(match, numbers, letter if first == last else ())


def _placed(
    match: re.Match[str], numbers: list[int], sub_units: Iterable[str], *, is_range: bool = False
) -> HouseNumber:
    return HouseNumber(tuple(map(str, numbers)), tuple(sub_units), match.start(), match.end(), is_range)


def _lettered(match: re.Match[str], number: int, first: str, last: str) -> HouseNumber:
    # `92-92a` is the whole of two houses in one, and `92-a` is only another way to write `92a`.
    if not first and match["last"]:
        return _placed(match, [number], ())
    return _placed(match, [number], _letters(first, last), is_range=bool(first))


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
