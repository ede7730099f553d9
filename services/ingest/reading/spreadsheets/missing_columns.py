"""All functions are pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.ingest.files.table import column_label
from services.ingest.reading.columns import ColumnMap
from services.ingest.reading.headings import meaning_of
from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.reading.spreadsheets.heading_forms import loose_key
from services.ingest.reading.spreadsheets.remarks import LENGTH

_WHAT: Final = {
    "entry_id": "the council's reference",
    "id": "the notice's reference",
    "cli": "the telephone number or the address",
}
# What headings of such a column often end or begin with, in the short form of `loose_key`.
_LOOKS: Final = {
    "entry_id": ("no", "id", "ref", "code", "key", "cyf"),
    "id": ("no", "id", "ref", "code", "key", "cyf"),
    "cli": ("tel", "line", "no", "address", "place"),
}
_LISTED: Final = 3


def one_reason(headings: Sequence[str], columns: ColumnMap, outcomes: Sequence[RowOutcome]) -> str | None:
    """Return the reason if every row was rejected because of the same missing column. Otherwise return None."""
    if not outcomes or any(one.outcome is not Outcome.REJECTED for one in outcomes):
        return None
    for group in columns.missing_required:
        if all(any(issue.field in group for issue in one.issues) for one in outcomes):
            return _sentence(headings, columns, group[0])
    return None


def _sentence(headings: Sequence[str], columns: ColumnMap, field: str) -> str:
    start = f"No column was read for {field} ({_WHAT[field]}), so no row could be kept. "
    found = _candidates(headings, columns, field)
    for listed in range(len(found), 0, -1):
        labels = ", ".join(column_label(headings, index) for index in found[:listed])
        text = (
            f'{start}Columns that may be it: {labels}. Map it by hand: --column "HEADING={field}", over HTTP ?column=.'
        )
        if len(text) <= LENGTH:
            return text
    return f"{start}No other column looks like it: add one, with a heading from the list of columns."


def _candidates(headings: Sequence[str], columns: ColumnMap, field: str) -> list[int]:
    # Never a column that must not be kept.
    free = [
        index
        for index, heading in enumerate(headings)
        if heading and index not in columns.fields and meaning_of(heading, columns.kind) is None
    ]
    like = [index for index in free if any(mark in loose_key(headings[index]) for mark in _LOOKS[field])]
    return (like or free)[:_LISTED]
