"""Columns that the sender maps by hand, written as "Lifeline No=entry_id". Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.core.errors import RefusedError
from services.ingest.files.table import column_label
from services.ingest.reading.column_names import FIELD_NAMES
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import Claim, claim_of, heading_key

# Columns that a refusal lists.
_LISTED: Final = 40

# The key of a heading to the field it feeds.
Chosen = Mapping[str, str]


def read_choices(texts: Sequence[str], kind: RecordKind) -> Chosen:
    """Return the columns mapped by hand.

    Raises RefusedError if a text has the wrong form or names no field, or if one column is mapped to two fields.
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


def knows_heading(kind: RecordKind, chosen: Chosen) -> Callable[[str], bool]:
    """Return a test for known headings, with which the reader finds the heading row of a file."""
    # A near match does not count: a title or a value may be one typing error away from a heading.
    return lambda heading: claim_of(heading, kind, near=False) is not None or heading_key(heading) in chosen


def chosen_claims(headings: Sequence[str], chosen: Chosen) -> dict[int, Claim]:
    """Return the claims of columns mapped by hand. Raises RefusedError if the file lacks one of the columns."""
    first: dict[str, int] = {}
    for index, heading in enumerate(headings):
        first.setdefault(heading_key(heading), index)
    if not chosen.keys() <= first.keys():
        labels = [column_label(headings, index) for index in range(len(headings)) if headings[index]]
        more = f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else ""
        there = ", ".join(labels[:_LISTED])
        raise RefusedError(f"a column is mapped that the file does not have. It has {there}{more}")
    return {first[key]: Claim(field, Claim.CHOSEN) for key, field in chosen.items()}
