"""Makes one key from most spellings of a name."""

from functools import lru_cache
from typing import Final

from services.core.addresses.spelling.other_tongues import in_english
from services.core.addresses.spelling.short_forms import written_out

_LEFT_OUT: Final = frozenset("aeiouy -")


# The streets of a town come again and again.
@lru_cache(maxsize=10_000)
def folded(name: str) -> str:
    """Return the consonants of a name, each once and in the order of the alphabet.

    So `willow close`, `wllow close` and `willowclose` give the same result.
    """
    whole = in_english(written_out(name))
    letters = "".join(sorted(set(whole) - _LEFT_OUT))
    # Too few letters would bring names together that have nothing in common.
    return letters if len(letters) > 1 else whole.replace(" ", "")
