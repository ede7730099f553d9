import re
import unicodedata
from typing import Final

from services.core.telephone.telephone_problems import Mend, NumberProblem

_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E ?[+-]? ?[0-9]{1,2}(?![0-9])", re.IGNORECASE)
# A number cell that was saved as text: `1632960123.0`.
_DECIMAL: Final = re.compile(r"((?:[0-9][ ()-]?){9,15})\.0+(?![0-9.])")
_EXTENSION: Final = re.compile(
    r"(?<=[0-9 ).,;:-])(?:ext(?:n|ension)?|x|#) ?[.:#]? ?(?:no\.? ?)?[0-9]{1,7}(?![0-9])", re.IGNORECASE
)
# The letters O, I and L, typed for 0 and 1, if no other letter is beside them.
_LETTER_DIGITS: Final = re.compile(r"(?<![A-Za-z])[OIL]+(?![A-Za-z])", re.IGNORECASE)
_AS_DIGITS: Final = str.maketrans("OoIiLl", "001111")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['.][^\W\d_]+)*")
# Words beside a number that can be removed without loss.
_NEUTRAL_WORDS: Final = frozenset({"and", "number", "no", "or", "phone", "tel", "telephone"})


def tidied(cell: str) -> tuple[str, set[Mend], set[NumberProblem]]:
    # Words, extensions and rounded numbers become a bar, so that the numbers on both sides are not joined.
    text = cell if cell.isascii() else "".join(map(_plain, unicodedata.normalize("NFKC", cell)))
    if not any(character.isdigit() for character in text):
        return "", set(), {NumberProblem.NOT_A_NUMBER} if _WORD.search(text) else set()
    mends: set[Mend] = set()
    # This step comes first, because a later step would remove the letter E as a word.
    text, rounded = _SCIENTIFIC.subn("|", text)
    for pattern, replacement, mend in (
        (_EXTENSION, "|", Mend.EXTENSION_DROPPED),
        (_DECIMAL, r"\1", Mend.DECIMAL_POINT_DROPPED),
    ):
        text, count = pattern.subn(replacement, text)
        mends |= {mend} if count else set()
    text = _read_letters(text, mends)
    return text, mends, {NumberProblem.SCIENTIFIC_NOTATION} if rounded else set()


def _read_letters(text: str, mends: set[Mend]) -> str:
    text, count = _LETTER_DIGITS.subn(lambda run: run[0].translate(_AS_DIGITS), text)
    if count:
        mends.add(Mend.LETTERS_READ_AS_DIGITS)
    if {word.lower() for word in _WORD.findall(text)} - _NEUTRAL_WORDS:
        mends.add(Mend.WORDS_DROPPED)
    return _WORD.sub("|", text).replace("+ ", "+")


def _plain(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    # Digits of other scripts, such as full-width ones, count as digits.
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    # Text that is pasted from web pages holds invisible format characters.
    return {"Zs": " ", "Zl": "\n", "Zp": "\n", "Cf": ""}.get(category, character)
