"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from schemas.codes import ServiceStatus
from services.core.telephone.telephone import normalise_number
from services.ingest.files.problems import CellCode
from services.ingest.reading.drafts import JoinedRow, RawRow
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.rows.places import PLACE_FIELDS, RowPlace, place_of_row
from services.ingest.reading.rows.references import issue_of_cell, seems_rounded

_NUMBER_SEPARATOR: Final = " / "
_LONGEST_CLI: Final = 200  # characters, as the schema allows
_NAMED: Final = 10  # rows that an issue names
# None is any word that is not a code. It has the same rank as an unknown status, before the statuses that end the
# watch.
_WATCHED_FIRST: Final = (
    ServiceStatus.ACTIVE,
    ServiceStatus.UNKNOWN,
    None,
    ServiceStatus.SUSPENDED,
    ServiceStatus.ENDED,
)
_DATES: Final = ("service_started_on", "service_ended_on", "share_basis_expires_on")
_IN_WORDS: Final = {
    "postcode": "the postcode",
    "uprn": "the UPRN",
    "address_lines": "the address",
    "service_status": "the status of the service",
    "service_started_on": "the date on which the service started",
    "service_ended_on": "the date on which the service ended",
    "share_basis_expires_on": "the date on which the agreement ends",
}
_MEANWHILE: Final = dict.fromkeys(PLACE_FIELDS, "Each is matched.") | {
    "service_status": "The status that keeps the alarm watched counts."
}


def joined_rows(group: Sequence[RawRow]) -> list[RawRow]:
    """Join the rows of one reference into one row for each place. The row with the latest change comes last."""
    # If the reference may be rounded, no rows are joined.
    if len(group) == 1:
        return [*group]
    if any(_doubtful_reference(row) for row in group):
        return [_without_reference(row) for row in group]
    main = _latest(group)
    joined, apart = _by_place(main, [row for row in group if row is not main])
    shared = _shared(group)
    fields = {**_filled(main, joined), **shared.fields}
    issues = (*main.issues, *_contradictions(main, group), *shared.issues)
    # The main row comes last, so that it is the version on record if no stamp says which version is later.
    return [
        *(
            first._replace(fields={**first.fields, **shared.fields}, joined=_joined(first, others))
            for first, *others in apart
        ),
        main._replace(fields=fields, issues=issues, joined=_joined(main, joined)),
    ]


class _Shared:
    def __init__(self, fields: Mapping[str, Any], issues: tuple[Issue, ...]) -> None:
        self.fields, self.issues = fields, issues


def _doubtful_reference(row: RawRow) -> bool:
    # Rounded references of several people are equal.
    rounded = any(issue.field == "entry_id" and issue.code == CellCode.ROUNDED for issue in row.issues)
    return rounded or seems_rounded(str(row.fields["entry_id"]))


def _without_reference(row: RawRow) -> RawRow:
    fields = {name: value for name, value in row.fields.items() if name != "entry_id"}
    return row._replace(fields=fields, issues=(*row.issues, issue_of_cell("entry_id", CellCode.LOST_DIGITS)))


def _latest(group: Sequence[RawRow]) -> RawRow:
    # The first of the rows with the latest time of change; the first of all if none gives a time.
    stamps = [row.fields.get("updated_at") for row in group]
    latest = max((stamp for stamp in stamps if isinstance(stamp, datetime)), default=None)
    return group[stamps.index(latest)] if latest is not None else group[0]


def _by_place(main: RawRow, others: Iterable[RawRow]) -> tuple[list[RawRow], list[list[RawRow]]]:
    # The rows that agree with the place of the main row, and the other rows, grouped by place.
    place = place_of_row(main.fields)
    joined, apart = list[RawRow](), dict[RowPlace, list[RawRow]]()
    for row in others:
        own = place_of_row(row.fields)
        if place.differs_in(own):
            apart.setdefault(own, []).append(row)
        else:
            place = place.filled_from(own)
            joined.append(row)
    return joined, list(apart.values())


def _filled(main: RawRow, joined: Iterable[RawRow]) -> dict[str, Any]:
    fields = dict(main.fields)
    for row in joined:
        for name, value in row.fields.items():
            # If a single device has an end date, the service itself may go on.
            if name != "service_ended_on":
                fields.setdefault(name, value)
    return fields


def _shared(group: Sequence[RawRow]) -> _Shared:
    fields: dict[str, Any] = {}
    issues = list[Issue]()
    numbers = _numbers(group)
    if numbers:
        kept = _fitting(numbers)
        fields["cli"] = _NUMBER_SEPARATOR.join(kept)
        issues += [_too_many_numbers()] if len(kept) < len(numbers) else []
    if any("service_status" in row.fields for row in group):
        fields["service_status"] = min((status for row in group if (status := _status(row))), key=_watched)
    return _Shared(fields, tuple(issues))


def _numbers(group: Iterable[RawRow]) -> list[str]:
    # In the order of the rows, each once, however it is written.
    found: dict[str, str] = {}
    for row in group:
        cli = row.fields.get("cli")
        for text in cli.split(_NUMBER_SEPARATOR) if isinstance(cli, str) else ():
            found.setdefault(normalise_number(text) or text, text)
    return list(found.values())


def _fitting(numbers: Sequence[str]) -> list[str]:
    kept, length = list[str](), 0
    for number in numbers:
        length += len(number) + len(_NUMBER_SEPARATOR)
        if length <= _LONGEST_CLI + len(_NUMBER_SEPARATOR):
            kept.append(number)
    # A single text that is too long is reported by validation.
    return kept or [numbers[0]]


def _status(row: RawRow) -> str | None:
    # An empty status means "in service". But a row that has only a device, and no line or place, says nothing about the
    # service.
    given = row.fields.get("service_status")
    says_where = not {"cli", *PLACE_FIELDS}.isdisjoint(row.fields)
    return str(given) if given else ServiceStatus.ACTIVE.value if says_where else None


def _watched(status: str) -> int:
    codes = [code and code.value for code in _WATCHED_FIRST]
    return codes.index(status if status in codes else None)


def _contradictions(main: RawRow, group: Sequence[RawRow]) -> list[Issue]:
    place = place_of_row(main.fields)
    rows: dict[str, list[int]] = {}
    for row in group:
        # A place of an earlier time of change is reported as stale.
        differs = [] if _is_earlier(row, main) else [*place.differs_in(place_of_row(row.fields))]
        differs += [name for name in _DATES if _differ(main.fields.get(name), row.fields.get(name))]
        differs += ["service_status"] if _differ(_status(main), _status(row)) else []
        for name in differs:
            rows.setdefault(name, []).append(row.number)
    return [_contradiction(name, numbers) for name, numbers in rows.items()]


def _is_earlier(row: RawRow, main: RawRow) -> bool:
    ours, latest = row.fields.get("updated_at"), main.fields.get("updated_at")
    return isinstance(ours, datetime) and isinstance(latest, datetime) and ours < latest


def _differ(ours: object, theirs: object) -> bool:
    return bool(ours and theirs) and _comparable(ours) != _comparable(theirs)


def _comparable(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value).casefold()


def _contradiction(field: str, rows: Sequence[int]) -> Issue:
    return Issue(
        field,
        "rows_contradict",
        f"{_rows(rows)} the same reference and another value for {_IN_WORDS[field]}. "
        f"{_MEANWHILE.get(field, 'That of this row was kept.')}",
        "Check which is right. If they are two people, give each a reference of their own.",
    )


def _rows(rows: Sequence[int]) -> str:
    if len(rows) == 1:
        return f"Row {rows[0]} has"
    named, more = rows[:_NAMED], len(rows) - _NAMED
    last = f"{more:,} more" if more > 0 else str(named[-1])
    head = named if more > 0 else named[:-1]
    return f"Rows {', '.join(map(str, head))} and {last} have"


def _too_many_numbers() -> Issue:
    return Issue(
        "cli",
        "too_many_numbers",
        "The rows of this reference give more telephone numbers than an entry can hold, and the last were not kept.",
        "Leave out the numbers that no alarm uses, or give each alarm line a reference of its own.",
    )


def _joined(main: RawRow, rows: Iterable[RawRow]) -> tuple[JoinedRow, ...]:
    said = Issue(
        "row",
        "repeated_reference",
        f"Row {main.number} has the same reference, and the two were read as one entry.",
        "If they are two people, give each a reference of their own.",
    )
    return tuple(JoinedRow(row.number, (*row.issues, said)) for row in rows)
