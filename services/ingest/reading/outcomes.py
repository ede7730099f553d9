from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

# Issues that are kept of one row, and of one submission [P]. They bound memory and what is stored for good; senders
# mend a file long before they have read so many, so no operator needs to set them.
_ISSUES_A_ROW: Final = 150
MOST_ISSUES: Final = 200_000


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    WARNED = "accepted_with_warnings"  # stored, and matched by the fields that are sound
    UNCHANGED = "unchanged"  # the same content is on record already
    STALE = "stale"  # a later version is on record; this one changes nothing
    REJECTED = "rejected"


class Issue(NamedTuple):
    # An issue quotes no personal value.
    field: str
    code: str
    reason: str
    remedy: str


# Said of a row that is kept although one of its values is not.
KEPT_WITHOUT: Final = "The row was kept without it."
_OF_KEPT_ROWS: Final = (f" {KEPT_WITHOUT}", " That of this row was kept.", " It is kept but cannot be matched.")


def without_kept(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    return tuple(issue._replace(reason=_without_kept(issue.reason)) for issue in issues)


def _without_kept(reason: str) -> str:
    for sentence in _OF_KEPT_ROWS:
        reason = reason.replace(sentence, "")
    return reason


class RowOutcome(NamedTuple):
    # As the sender counts: the row of the spreadsheet, the line of NDJSON, or the item of a list from 1.
    row: int
    outcome: Outcome
    issues: tuple[Issue, ...] = ()
    # The sender's own reference of the record, if it could be read.
    reference: str | None = None


def count(outcomes: Iterable[RowOutcome]) -> dict[str, int]:
    # Every outcome is present, so that receipts always have the same keys.
    counts = Counter(outcome.outcome for outcome in outcomes)
    return {outcome.value: counts[outcome] for outcome in Outcome}


def with_capped_issues(outcomes: Iterable[RowOutcome], most: int = MOST_ISSUES) -> Iterator[RowOutcome]:
    """Limit the issues of each row, and of all rows together."""
    left = most
    for outcome in outcomes:
        # Each row keeps at least its first issue.
        allowed = max(1, min(_ISSUES_A_ROW, left))
        left -= len(outcome.issues)
        yield outcome if len(outcome.issues) <= allowed else outcome._replace(issues=_first(outcome.issues, allowed))


def _first(issues: tuple[Issue, ...], allowed: int) -> tuple[Issue, ...]:
    count = len(issues) - allowed
    reason = f"And {count:,} more {'issue' if count == 1 else 'issues'} in this row."
    return (*issues[:allowed], Issue("row", "more_issues", reason, "Correct those named, and send the row again."))


def pack(outcomes: Sequence[RowOutcome]) -> dict[str, object]:
    # References are left out, because they are stored sealed.
    # Most rows of a file have the same issues, so each text is stored once.
    texts: dict[Issue, int] = {}
    issues = {
        str(index): [texts.setdefault(issue, len(texts)) for issue in outcome.issues]
        for index, outcome in enumerate(outcomes)
        if outcome.issues
    }
    return {
        # Rows without gaps need only the number of the first one.
        "rows": [outcome.row for outcome in outcomes] if _gaps(outcomes) else outcomes[0].row,
        "letters": "".join(_LETTER[outcome.outcome] for outcome in outcomes),
        "issues": issues,
        "texts": [list(issue) for issue in texts],
    }


def unpack(packed: dict[str, object], references: Sequence[str | None]) -> list[RowOutcome]:
    rows, letters, issues = packed["rows"], packed["letters"], packed["issues"]
    assert isinstance(letters, str)  # noqa: S101 - narrows what the JSON column holds
    assert isinstance(issues, dict)  # noqa: S101
    texts = packed["texts"]
    assert isinstance(texts, list)  # noqa: S101
    said = [Issue(*text) for text in texts]
    numbers = rows if isinstance(rows, list) else range(int(str(rows)), int(str(rows)) + len(letters))
    return [
        RowOutcome(row, _OUTCOME[letter], tuple(said[at] for at in issues.get(str(index), ())), reference)
        for index, (row, letter, reference) in enumerate(zip(numbers, letters, references, strict=True))
    ]


def _gaps(outcomes: Sequence[RowOutcome]) -> bool:
    first = outcomes[0].row
    return any(outcome.row != first + index for index, outcome in enumerate(outcomes))


# Stored in the database: a letter must never change its meaning.
_LETTER = {
    Outcome.ACCEPTED: "a",
    Outcome.WARNED: "w",
    Outcome.UNCHANGED: "u",
    Outcome.STALE: "s",
    Outcome.REJECTED: "r",
}
_OUTCOME = {letter: outcome for outcome, letter in _LETTER.items()}
