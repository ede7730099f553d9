"""All functions are pure."""

from __future__ import annotations

from typing import Final

from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.stamps import Stamp, in_words

STALE: Final = "stale"
_FIELD: Final = {RecordKind.NOTICE: "issued_at", RecordKind.ENTRY: "updated_at"}
_VERB: Final = {RecordKind.NOTICE: "issued", RecordKind.ENTRY: "changed"}


def stale_issue(kind: RecordKind, later: Stamp, earlier: Stamp, row: int | None = None) -> Issue:
    """`row` is the row of the later version, or None if the later version is on record."""
    where = "A later version is on record" if row is None else f"Row {row} is a later version"
    return Issue(
        _FIELD[kind],
        STALE,
        f"{where}, {_dated(kind, later)}. This one was {_dated(kind, earlier)}.",
        f"If this one is right, send it again with the time at which it was last {_VERB[kind]}.",
    )


def withdrawn_issue(withdrawn: Stamp, earlier: Stamp) -> Issue:
    # For a row that was changed before its entry was taken off the register.
    return Issue(
        "updated_at",
        STALE,
        f"This entry was taken off the register on {in_words(withdrawn)}. "
        f"This version was {_dated(RecordKind.ENTRY, earlier)}.",
        "If it belongs on the register, send it again with the time at which it was last changed.",
    )


def repeated(reason: str) -> Issue:
    # For a reference that occurs in several rows of one submission.
    return Issue(
        "row", "repeated_reference", reason, "Give each record its own reference, or say when each was changed."
    )


def _dated(kind: RecordKind, stamp: Stamp) -> str:
    # If the sender gave no usable stamp, only the time of receipt is known.
    if stamp.is_open:
        return f"received {in_words(stamp)}"
    return f"{_VERB[kind]} {in_words(stamp)}"
