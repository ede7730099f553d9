"""The functions use no database, file or clock, but some change their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from services.ingest.files.dates import read_date
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import Meaning, meaning_of
from services.ingest.reading.outcomes import Issue

_FIELDS: Final = ("planned_migration_date", "restriction_start_date")
_REVISED: Final = frozenset(
    [
        "revised",
        "new",
        "amended",
        "updated",
        "rescheduled",
        "changed",
        "replacement",
        "latest",
        "rebooked",
        "rearranged",
        "postponed",
        "deferred",
        "second",
        "2nd",
        "current",
        "confirmed",
        "agreed",
        "final",
    ]
)
_ORIGINAL: Final = frozenset(["original", "old", "previous", "initial", "former", "first", "earlier", "superseded"])
# "Revised date" beside "Migration date". Alone it may be the day of the revision.
_BARE: Final = frozenset({"date", "to", "date to", "to date"})


class RevisedDate(NamedTuple):
    # Column numbers start at 0.
    field: str
    plain: int | None
    revised: tuple[int, ...]
    original: tuple[int, ...]
    # Never read, and only compared with the date.
    others: tuple[int, ...]

    @property
    def marked(self) -> tuple[int, ...]:
        return (*self.revised, *self.original)

    @property
    def in_order(self) -> tuple[int, ...]:
        """Return the column of the unrevised date, and then the revised columns.

        In each row, the last column with a date counts.
        """
        base = self.original[:1] if self.plain is None else (self.plain,)
        # A column of original dates alone is not read.
        return (*base, *self.revised) if self.revised or self.plain is not None else ()


def date_columns(headings: Sequence[str], kind: RecordKind, meanings: Mapping[int, Meaning]) -> tuple[RevisedDate, ...]:
    if kind is not RecordKind.NOTICE:
        return ()
    found: dict[str, tuple[list[int], list[int]]] = {field: ([], []) for field in _FIELDS}
    for index, heading in enumerate(headings):
        if date := _revision(heading, kind):
            found[date[0]][date[1]].append(index)
    marked = {index for groups in found.values() for group in groups for index in group}
    plain = {index: meaning for index, meaning in meanings.items() if index not in marked}
    columns = [_columns(field, plain, *found[field]) for field in _FIELDS]
    return tuple(one for one in columns if one.revised or one.original or one.others)


def settle_dates(cells: Sequence[str], fields: dict[str, Any], dates: Sequence[RevisedDate]) -> tuple[Issue, ...]:
    """Return an issue for each date field with contradicting dates.

    A field with two different revised dates is removed from `fields`.
    """
    issues = []
    for one in dates:
        if _differ(cells, one.revised):
            fields.pop(one.field, None)
            issues.append(_two_revised(one.field))
        elif one.plain is not None and not _filled(cells, one.revised) and _differ(cells, (one.plain, *one.others)):
            issues.append(_another(one.field))
    return tuple(issues)


def rival_texts(cells: Sequence[str], dates: Sequence[RevisedDate]) -> dict[str, tuple[str, ...]]:
    return {one.field: tuple(_filled(cells, one.revised)) for one in dates if _differ(cells, one.revised)}


def _revision(heading: str, kind: RecordKind) -> tuple[str, int] | None:
    # The field, and 0 for a revised date or 1 for an original one.
    words = heading.casefold().replace("-", " ").replace("_", " ").split()
    for number, marks in enumerate((_REVISED, _ORIGINAL)):
        rest = " ".join(word for word in words if word.strip("()[]:") not in marks).strip("()[]: ")
        if len(rest) == len(" ".join(words).strip("()[]: ")):
            continue
        meaning = meaning_of(rest, kind, near=False)
        if rest in _BARE or (meaning and meaning.field in _FIELDS):
            return (meaning.field if meaning and meaning.field in _FIELDS else _FIELDS[0]), number
    return None


def _columns(field: str, meanings: Mapping[int, Meaning], revised: list[int], original: list[int]) -> RevisedDate:
    own = sorted((meaning.rank, index) for index, meaning in meanings.items() if meaning.field == field)
    plain = own[0][1] if own else None
    return RevisedDate(field, plain, tuple(revised), tuple(original), tuple(index for _, index in own[1:]))


def _filled(cells: Sequence[str], columns: Sequence[int]) -> list[str]:
    return [cells[index] for index in columns if cells[index]]


def _differ(cells: Sequence[str], columns: Sequence[int]) -> bool:
    return len({read_date(cell) or cell for cell in _filled(cells, columns)}) > 1


def _two_revised(field: str) -> Issue:
    return Issue(
        field,
        "two_revised_dates",
        "Two columns give different revised dates, so neither was kept.",
        "Send the row again with one of them.",
    )


def _another(field: str) -> Issue:
    return Issue(
        field,
        "another_date",
        "Another column gives another date for the same thing. It was not read.",
        "Check which of the two holds, and send the row again with one of them.",
    )
