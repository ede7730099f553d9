"""The outcome of each row: taken, taken with a warning, nothing new, too late, or refused, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    WARNED = "accepted_with_warnings"
    """Kept and flagged: it will be matched by whatever in it is sound."""
    UNCHANGED = "unchanged"
    """The same content is on record already."""
    STALE = "stale"
    """A later version is on record; this one changes nothing."""
    REJECTED = "rejected"


class Issue(NamedTuple):
    """Something amiss in a row: which field, a stable code, the reason and the remedy. Never the value itself."""

    field: str
    code: str
    reason: str
    remedy: str


class RowOutcome(NamedTuple):
    """What became of one row.

    `row` counts as the sender does: a spreadsheet's own row, a line of NDJSON, 1 for the first item of a list.
    """

    row: int
    outcome: Outcome
    issues: tuple[Issue, ...] = ()


def count(outcomes: Iterable[RowOutcome]) -> dict[str, int]:
    """How many rows came to each outcome, all outcomes named."""
    found = Counter(outcome.outcome for outcome in outcomes)
    return {outcome.value: found[outcome] for outcome in Outcome}


def pack(outcomes: Sequence[RowOutcome]) -> dict[str, object]:
    """Outcomes as stored: one letter a row, and the issues of those that have any."""
    return {
        "rows": [outcome.row for outcome in outcomes] if _gaps(outcomes) else outcomes[0].row,
        "letters": "".join(_LETTER[outcome.outcome] for outcome in outcomes),
        "issues": {
            str(index): [[issue.field, issue.code, issue.reason, issue.remedy] for issue in outcome.issues]
            for index, outcome in enumerate(outcomes)
            if outcome.issues
        },
    }


def unpack(packed: dict[str, object]) -> list[RowOutcome]:
    """The outcomes of `pack`."""
    rows, letters, issues = packed["rows"], packed["letters"], packed["issues"]
    assert isinstance(letters, str)  # noqa: S101 - narrows what the JSON column holds
    assert isinstance(issues, dict)  # noqa: S101
    numbers = rows if isinstance(rows, list) else range(int(str(rows)), int(str(rows)) + len(letters))
    return [
        RowOutcome(row, _OUTCOME[letter], tuple(Issue(*issue) for issue in issues.get(str(index), ())))
        for index, (row, letter) in enumerate(zip(numbers, letters, strict=True))
    ]


def _gaps(outcomes: Sequence[RowOutcome]) -> bool:
    first = outcomes[0].row
    return any(outcome.row != first + index for index, outcome in enumerate(outcomes))


_LETTER = {
    Outcome.ACCEPTED: "a",
    Outcome.WARNED: "w",
    Outcome.UNCHANGED: "u",
    Outcome.STALE: "s",
    Outcome.REJECTED: "r",
}
_OUTCOME = {letter: outcome for outcome, letter in _LETTER.items()}
