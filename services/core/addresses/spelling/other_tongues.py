from typing import Final

from services.core.addresses.spelling.vocabulary import STREETS_IN_ENGLISH

# fmt: off
# Words that often occur in the names of streets. A word with a changed first letter stands beside its first form.
_WORDS: Final = {
    "ard": "high", "bont": "bridge", "brenin": "king", "capel": "chapel", "castell": "castle",
    "chaisteil": "castle", "drochaid": "bridge", "drochaide": "bridge", "eaglais": "church", "eaglaise": "church",
    "h-eaglaise": "church", "eglwys": "church", "farchnad": "market", "fawr": "high", "felin": "mill",
    "frenhines": "queen", "gapel": "chapel", "gorsaf": "station", "gastell": "castle", "llyfrgell": "library",
    "marchnad": "market", "melin": "mill", "mhuilinn": "mill", "mhor": "high", "newydd": "new", "orsaf": "station",
    "parc": "park", "pont": "bridge", "sgoil": "school", "sgoile": "school", "staisein": "station", "ur": "new",
    "ysgol": "school"
}
_ARTICLES: Final = frozenset({"a", "an", "na", "nan", "r", "y", "yr"})
# fmt: on


def in_english(name: str) -> str:
    """Return the name of a Welsh or Gaelic street in English: `heol pentwyn` gives `pentwyn road`.

    Return every other name unchanged.
    """
    words = name.split()
    if len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    if len(words) < 2 or words[0] not in STREETS_IN_ENGLISH:  # noqa: PLR2004 - the kind of the street and a name
        return name
    named = [_WORDS.get(word, word) for word in words[1:] if word not in _ARTICLES]
    return " ".join((*named, STREETS_IN_ENGLISH[words[0]]))
