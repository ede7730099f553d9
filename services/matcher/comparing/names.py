"""Pure. Compares the names of streets and of buildings."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from services.core.addresses.reading.names import NAME_JOINT
from services.core.addresses.spelling.other_tongues import in_english
from services.core.addresses.spelling.short_forms import KIND_WORDS, written_out
from services.core.addresses.spelling.vocabulary import DIRECTIONS


class Likeness(IntEnum):
    DIFFERENT = 0
    ALIKE = 1
    SAME = 2


# These limits are policy of the comparison. Names are alike with one wrong letter in eight.
_ALIKE: Final = 85.0
_SHORTEST_MISTYPED_WORD: Final = 4
# A letter in place of another makes another name of a short word: `mill` and `hill`.
_SHORTEST_WORD_WITH_ANOTHER_LETTER: Final = 6
_SHORTEST_WORD_WITH_TWO_ERRORS: Final = 10
# If the beginning of a name is shorter than this, it does not show that the name was cut off.
_SHORTEST_CUT_NAME: Final = 4
_SHORTEST_JOINED_NAME: Final = 6

_GOES_ON: Final = KIND_WORDS | DIRECTIONS


def like_streets(a: str, b: str) -> Likeness:
    if a == b:
        return Likeness.SAME
    likeness = _like(a, b, with_kinds=True)
    if likeness is Likeness.SAME:
        return likeness
    # A name that was stored long ago has short forms.
    a_in_english, b_in_english = in_english(written_out(a)), in_english(written_out(b))
    if (a_in_english, b_in_english) == (a, b):
        return likeness
    return max(likeness, _like(a_in_english, b_in_english, with_kinds=True))


def like_buildings(a: str, b: str, *, of_one_flat: bool = False) -> Likeness:
    """Compare the names of buildings in two addresses. `a` and `b` may each have several names.

    The first of several names is the name of the home. If both addresses name the same flat, set `of_one_flat`: the
    first names may then differ.
    """
    if a == b:
        return Likeness.SAME
    fewer, more = sorted((a.split(NAME_JOINT), b.split(NAME_JOINT)), key=len)
    likeness = min(max(_like_building(one, other) for other in more) for one in fewer)
    if likeness is Likeness.SAME and not of_one_flat:
        # The first name is that of the home. `mill house, mill farm` is not the farm.
        return max(Likeness.ALIKE, _like_building(fewer[0], more[0]))
    return likeness


def _like_building(a: str, b: str) -> Likeness:
    a, b = written_out(a), written_out(b)
    likeness = _like(a, b, with_kinds=False)
    # `upper mill house` may be the `mill house` of another list.
    is_ending = a.endswith(f" {b}") or b.endswith(f" {a}")
    return max(likeness, Likeness.ALIKE) if is_ending else likeness


def _like(a: str, b: str, *, with_kinds: bool) -> Likeness:
    # Some lists join words and others split them: `broadway` and `broad way`.
    if a.replace(" ", "") == b.replace(" ", ""):
        return Likeness.SAME
    words, others = a.split(), b.split()
    if _words_agree(words, others):
        return Likeness.SAME
    cut = max(_like_cut(words, others), _like_cut(others, words))
    if cut is not Likeness.DIFFERENT:
        return cut
    # `park rd` and `park ave` may be one street to a person who mistakes its kind.
    if with_kinds and words[-1] in KIND_WORDS and others[-1] in KIND_WORDS and _words_agree(words[:-1], others[:-1]):
        return Likeness.ALIKE
    return Likeness.ALIKE if _one_word_apart(words, others) and fuzz.ratio(a, b) >= _ALIKE else Likeness.DIFFERENT


def _words_agree(words: Sequence[str], others: Sequence[str]) -> bool:
    return len(words) == len(others) and bool(words) and all(map(_word_agrees, words, others))


def _word_agrees(a: str, b: str) -> bool:
    if a == b:
        return True
    shorter = min(len(a), len(b))
    if shorter < _SHORTEST_MISTYPED_WORD or a[0] != b[0] or (a in KIND_WORDS and b in KIND_WORDS):
        return False
    if shorter >= _SHORTEST_WORD_WITH_TWO_ERRORS:
        return OSA.distance(a, b, score_cutoff=2) <= 2  # noqa: PLR2004 - two errors
    # Two letters that changed their places, or one letter too many, are typing errors in a short word too.
    is_typing_error = len(a) != len(b) or sorted(a) == sorted(b) or shorter >= _SHORTEST_WORD_WITH_ANOTHER_LETTER
    return is_typing_error and OSA.distance(a, b, score_cutoff=1) <= 1


def _one_word_apart(words: list[str], others: list[str]) -> bool:
    # Words that say the kind must not differ: they are long, and would outweigh the name.
    return words[-1] == others[-1] or words[-1] not in KIND_WORDS or others[-1] not in KIND_WORDS


def _like_cut(words: list[str], whole: list[str]) -> Likeness:
    """Return SAME if `whole` begins with `words`, and `words` is long enough.

    A list may cut a long name short, or leave out the locality after the name.
    """
    last = len(words) - 1
    if last >= len(whole) or words[:last] != whole[:last] or not whole[last].startswith(words[last]):
        return _like_joined(words, whole)
    if len(words[0]) + last < _SHORTEST_CUT_NAME and sum(map(len, words)) + last < _SHORTEST_CUT_NAME:
        return Likeness.DIFFERENT
    # `church street` is not cut off from `church street mews`, and `park road` is not `park road north`.
    is_complete = words[last] == whole[last] and words[last] in KIND_WORDS
    goes_on = not _GOES_ON.isdisjoint(whole[last + 1 :])
    return Likeness.ALIKE if is_complete and goes_on else Likeness.SAME


def _like_joined(words: list[str], whole: list[str]) -> Likeness:
    joined = "".join(words)
    is_cut = len(joined) >= _SHORTEST_JOINED_NAME and "".join(whole).startswith(joined) and len(words) != len(whole)
    return Likeness.SAME if is_cut else Likeness.DIFFERENT
