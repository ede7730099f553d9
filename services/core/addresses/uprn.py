"""GeoPlace defines a UPRN as up to 12 digits."""

import re
import unicodedata
from enum import StrEnum
from typing import Final, NamedTuple

_LONGEST: Final = 12
_LABEL: Final = re.compile(r"^[\s'`]*(?:UPRN)?[\s:]*", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E[+-]?[0-9]{1,2}", re.IGNORECASE)
_WHOLE: Final = re.compile(r"(?P<digits>[0-9]+)(?P<point>\.0*)?")
_FRACTION: Final = re.compile(r"[0-9]+\.[0-9]+")
# A spreadsheet shows six figures of a long number. If the cell is saved as text, the lost figures become zeros.
_ROUNDED: Final = re.compile("[0-9]{5,6}0{6}")


class UprnMend(StrEnum):
    DECIMAL_POINT_DROPPED = "decimal_point_dropped"
    ZERO_PADDING_DROPPED = "zero_padding_dropped"


# Digits that a spreadsheet has rounded away are never guessed: the guess could be the UPRN of a neighbour.
class UprnProblem(StrEnum):
    SCIENTIFIC_NOTATION = "scientific_notation"
    ROUNDED = "rounded"
    TOO_LONG = "too_long"
    NOT_A_UPRN = "not_a_uprn"


class UprnReading(NamedTuple):
    # For an empty cell, all three fields are empty.
    uprn: str | None = None
    mends: frozenset[UprnMend] = frozenset()
    problem: UprnProblem | None = None


_ENTER_AGAIN = "Format the column as text, enter the UPRN again from its source and send the file again."
_SENTENCES = {
    UprnProblem.SCIENTIFIC_NOTATION: ("A spreadsheet has turned the UPRN into scientific notation.", _ENTER_AGAIN),
    UprnProblem.ROUNDED: ("A spreadsheet has rounded the UPRN, and its last digits are lost.", _ENTER_AGAIN),
    UprnProblem.TOO_LONG: ("The UPRN has more than 12 digits.", "Check it against the address register."),
    UprnProblem.NOT_A_UPRN: ("This is not a UPRN.", "Give up to 12 digits, or leave the field empty."),
}


def read_uprn(text: str) -> UprnReading:
    if text.isascii() and text.isdecimal():
        return _read_digits(text, has_point=False)
    # Cells often have thousands separators, or a label such as `UPRN:`.
    written = re.sub(r"[\s,]", "", _LABEL.sub("", unicodedata.normalize("NFKC", text)))
    if not written:
        return UprnReading()
    match = _WHOLE.fullmatch(written)
    if match is None:
        return UprnReading(problem=_why_not(written))
    return _read_digits(match["digits"], has_point=match["point"] is not None)


def describe_uprn_problem(problem: UprnProblem) -> tuple[str, str]:
    # The reason and the remedy. Neither text repeats the value, because messages may be logged.
    return _SENTENCES[problem]


def _read_digits(digits: str, *, has_point: bool) -> UprnReading:
    uprn = digits.lstrip("0")
    if not uprn:
        return UprnReading(problem=UprnProblem.NOT_A_UPRN)
    if len(uprn) > _LONGEST:
        return UprnReading(problem=UprnProblem.TOO_LONG)
    if _ROUNDED.fullmatch(uprn):
        return UprnReading(problem=UprnProblem.ROUNDED)
    # `100012345678.0` is a number cell that was saved as text.
    mends = {UprnMend.DECIMAL_POINT_DROPPED} if has_point else set()
    if uprn != digits:
        mends.add(UprnMend.ZERO_PADDING_DROPPED)
    return UprnReading(uprn, frozenset(mends))


def _why_not(written: str) -> UprnProblem:
    if _SCIENTIFIC.fullmatch(written):
        return UprnProblem.SCIENTIFIC_NOTATION
    # A fraction means that the cell was divided or rounded.
    return UprnProblem.ROUNDED if _FRACTION.fullmatch(written) else UprnProblem.NOT_A_UPRN
