"""All functions are pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from services.core.errors import RefusedError
from services.ingest.files.table import column_label
from services.ingest.reading.column_names import FIELD_NAMES
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import Meaning, heading_key, meaning_of

# Columns that a refusal lists.
_LISTED: Final = 40
COLUMN: Final = "column"
# A heading or word with more digits may be somebody's number: it is used once and not kept.
_DIGITS_KEPT: Final = 4
# The size of the column that keeps a heading or word. A longer one is used once and not kept.
_LONGEST_KEPT: Final = 200

# The key of a heading to the field it feeds.
Chosen = Mapping[str, str]


class ChosenWord(NamedTuple):
    # `column` for a heading, or the field of the code, such as `status`.
    what: str
    word: str
    target: str


def read_choices(texts: Sequence[str], kind: RecordKind) -> Chosen:
    """Read mappings of columns to fields, such as "Lifeline No=entry_id".

    Raises RefusedError if a mapping is wrong, or if a column has two fields.
    """
    chosen: dict[str, str] = {}
    for text in texts:
        heading, sign, field = text.rpartition("=")
        key, name = heading_key(heading), field.strip()
        if not sign or not key:
            raise RefusedError('a column is mapped as "Heading=field", for example "Lifeline No=entry_id"')
        if name not in FIELD_NAMES[kind]:
            raise RefusedError(
                f"a column is mapped to a field that there is not: use one of {', '.join(FIELD_NAMES[kind])}"
            )
        if chosen.setdefault(key, name) != name:
            raise RefusedError("one column is mapped to two fields: name it once")
    return chosen


def remembered_as(what: str, remembered: Sequence[ChosenWord], chosen: Chosen) -> dict[str, str]:
    return {one.word: one.target for one in remembered if one.what == what and one.word not in chosen}


def to_remember(what: str, chosen: Chosen) -> tuple[ChosenWord, ...]:
    return tuple(ChosenWord(what, word, target) for word, target in chosen.items() if _may_be_kept(word))


def _may_be_kept(word: str) -> bool:
    return len(word) <= _LONGEST_KEPT and sum(map(str.isdigit, word)) <= _DIGITS_KEPT


def knows_heading(kind: RecordKind, chosen: Chosen) -> Callable[[str], bool]:
    # The reader finds the row of headings with this function.
    # A near match does not count: a title or a value may be one typing error away from a heading.
    return lambda heading: meaning_of(heading, kind, near=False) is not None or heading_key(heading) in chosen


def check_headings(headings: Sequence[str], chosen: Chosen) -> None:
    if chosen.keys() <= _first(headings).keys():
        return
    labels = [column_label(headings, index) for index in range(len(headings)) if headings[index]]
    more = f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else ""
    there = ", ".join(labels[:_LISTED])
    raise RefusedError(f"a column is mapped that the file does not have. It has {there}{more}")


def chosen_meanings(headings: Sequence[str], chosen: Chosen) -> dict[int, Meaning]:
    first = _first(headings)
    return {first[key]: Meaning(field, Meaning.CHOSEN) for key, field in chosen.items() if key in first}


def remembered_remarks(headings: Sequence[str], remembered: Chosen) -> tuple[str, ...]:
    first = _first(headings)
    return tuple(
        f"Read as {field} as you mapped it before: {column_label(headings, first[key])}."
        for key, field in remembered.items()
        if key in first
    )


def _first(headings: Sequence[str]) -> dict[str, int]:
    first: dict[str, int] = {}
    for index, heading in enumerate(headings):
        first.setdefault(heading_key(heading), index)
    return first
