"""What is said of a row that is not used, because a later version is there, and of one that is repeated. Pure."""

from __future__ import annotations

from typing import Final

from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.stamps import Stamp, in_words

STALE: Final = "stale"
_FIELD: Final = {RecordKind.NOTICE: "issued_at", RecordKind.ENTRY: "updated_at"}
_VERB: Final = {RecordKind.NOTICE: "issued", RecordKind.ENTRY: "changed"}


def stale_issue(kind: RecordKind, later: Stamp, earlier: Stamp, row: int | None = None) -> Issue:
    """Names both stamps; `row` is the later version's, where it stands in the same submission."""
    where = "A later version is on record" if row is None else f"Row {row} is a later version"
    return Issue(
        _FIELD[kind],
        STALE,
        f"{where}, {_said(kind, later)}. This one was {_said(kind, earlier)}.",
        f"If this one is right, send it again with the time at which it was last {_VERB[kind]}.",
    )


def withdrawn_issue(withdrawn: Stamp, earlier: Stamp) -> Issue:
    """An entry that was taken off the register after it was changed for the last time."""
    return Issue(
        "updated_at",
        STALE,
        f"This entry was taken off the register on {in_words(withdrawn)}. "
        f"This version was {_said(RecordKind.ENTRY, earlier)}.",
        "If it belongs on the register, send it again with the time at which it was last changed.",
    )


def repeated(reason: str) -> Issue:
    """A reference that stands in several rows."""
    return Issue(
        "row", "repeated_reference", reason, "Give each record its own reference, or say when each was changed."
    )


def _said(kind: RecordKind, stamp: Stamp) -> str:
    if stamp.is_open:
        return f"received {in_words(stamp)}"
    return f"{_VERB[kind]} {in_words(stamp)}"
