import re
import unicodedata
from collections.abc import Iterable
from itertools import chain, groupby
from typing import Final

from services.core.addresses.spelling.short_forms import SHORT

# Two letters side by side occur in names, but not in numbers such as `18a` or `2/1`.
WORDY: Final = re.compile("[a-z]{2}")

_BREAKS: Final = ",;|\r\t"
# These are removed without a gap, so that `st. john's` and `st johns` are equal.
_SILENT: Final = re.compile(r"['’`.]")  # noqa: RUF001 - the apostrophe that word processors write
# The lookbehind lets a match start only at the first blank. A match tried from every blank takes quadratic time.
_DASH: Final = re.compile(r"(?:(?<!\s)\s+)?[-\u2010-\u2015\u2212]\s*")
# A stray character becomes a blank, because it may stand between two words.
_STRAY: Final = re.compile(r"[^\w\s/&-]|_")
_WORD: Final = re.compile(r"[^\W\d]\w*|(?<!\d)\d{1,2}(?:st|nd|rd|th)\b|&")
_short_form: Final = SHORT.get
_FRACTIONS: Final = {ord("½"): " 1/2", ord("¼"): " ", ord("¾"): " "}
_SEPARATORS: Final = " -/&"
# Normal fields have at most 200 characters. Longer texts get the protection in `_composed`.
_LONG: Final = 256


def segments_of(lines: Iterable[str]) -> list[str]:
    text = "\n".join(lines)
    # Faster than a pattern.
    for sign in _BREAKS:
        text = text.replace(sign, "\n")
    return [plain for part in text.split("\n") if part and (plain := spelt(part))]


def spelt(text: str) -> str:
    """Return the text in lower case, with short forms such as `st` for `street`.

    Only hyphens, slashes and ampersands remain as punctuation.
    """
    text = (text if text.isascii() else _composed(text)).casefold()
    # Most texts are plain words and skip these substitutions.
    if not _is_words(text):
        text = _STRAY.sub(" ", _DASH.sub("-", _SILENT.sub("", text))).replace("&", " & ")
        if not _is_words(text):
            return " ".join(_WORD.sub(_short, text).strip(_SEPARATORS).split())
    words = [
        _short_form(word, word) if word.isalpha() or word.isdecimal() else _WORD.sub(_short, word)
        for word in text.split()
    ]
    return " ".join(words).strip(_SEPARATORS)


def _is_words(text: str) -> bool:
    # True if the text has only letters, digits and blanks (U+0020).
    return text.replace(" ", "").isalnum()


def _short(word: re.Match[str]) -> str:
    # `1fl` is the first floor on the left, and `1 fl` is the first floor.
    if word[0] == "fl" and word.string[max(word.start() - 1, 0)].isdecimal():
        return "fl"
    return _short_form(word[0], word[0])


def _composed(text: str) -> str:
    # Without this, NFKC would join the half to the house number: `12` and a half would become `121/2`.
    text = text.translate(_FRACTIONS)
    # NFKC needs quadratic time to sort a long run of marks. A hostile field could abuse this.
    text = unicodedata.normalize("NFKC", text if len(text) < _LONG else with_marks_in_order(text))
    # One list writes the accents of Welsh and Gaelic names, and another list leaves them out.
    return text if text.isascii() else _without_accents(text)


def _without_accents(text: str) -> str:
    plain = {character: unicodedata.normalize("NFD", character)[0] for character in set(text)}
    return "".join([plain[character] for character in text if not unicodedata.combining(character)])


def with_marks_in_order(text: str) -> str:
    # `unicodedata.normalize` needs quadratic time for a long run of unsorted marks, and linear time for sorted marks.
    apart = text.translate({ord(character): unicodedata.normalize("NFKD", character) for character in set(text)})
    if not any(map(unicodedata.combining, set(apart))):
        return apart
    runs = groupby(apart, lambda character: unicodedata.combining(character) > 0)
    return "".join(chain.from_iterable(sorted(run, key=unicodedata.combining) if marks else run for marks, run in runs))
