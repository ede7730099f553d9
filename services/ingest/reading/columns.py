"""Which column of a spreadsheet feeds which field, and how a row becomes fields. Pure.

Columns that must never be kept (names, dates of birth, NHS numbers, key-safe codes: domain.md "Never") are recognised,
so that the sender can be told, and no cell of theirs is ever taken from a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.ingest.files.problems import CellCode, CellProblem
from services.ingest.files.table import SheetRow, column_label
from services.ingest.reading.column_names import LISTS, MANY_COLUMNS, REQUIRED
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import FORBIDDEN, Claim, claim_of, names_a_flat, names_whole_address

_SEPARATORS = re.compile(r"[,;/\n]+")
_LINES = re.compile(r"[\r\n]+")
_LINES_OR_COMMAS = re.compile(r"[,;\r\n]+")
_LAST_LINE = 7
"""Counted from 0: an address has eight lines, and the last holds what is left."""
_BARE_FLAT = re.compile(r"\d{1,4}[A-Za-z]?|[A-Za-z]")
_HOUSE_NUMBER = re.compile(r"\d{1,4}[A-Za-z]?(?:\s*-\s*\d{1,4}[A-Za-z]?)?")


@dataclass(frozen=True, slots=True)
class Clash:
    """Two columns claim one field: the better, or the first, is read, the other not."""

    field: str
    read: str
    not_read: str


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What is read from each row, and what is not."""

    kind: RecordKind
    fields: dict[int, str]
    """Column, counted from 0, to the field it feeds."""
    unmapped: tuple[str, ...]
    """Columns with a heading that is not known. They are not read."""
    forbidden: tuple[str, ...]
    """Columns that must never be kept. They are not read."""
    clashes: tuple[Clash, ...]
    missing_required: tuple[tuple[str, ...], ...]
    """Groups of fields of which at least one was needed and none is there."""
    single: tuple[tuple[int, str], ...] = field(repr=False)
    """Columns that are a field by themselves."""
    gathered: tuple[tuple[str, tuple[int, ...]], ...] = field(repr=False)
    """Fields that are joined or a list, with their columns in order."""
    flats: frozenset[int] = field(repr=False)
    """Columns that hold the flat alone."""

    def remarks(self) -> tuple[str, ...]:
        """What to tell the sender about the columns, a sentence each."""
        said = [f"Not read and not kept: {name}. Please leave this column out." for name in self.forbidden]
        said += [f"Not read, the heading is not known: {name}." for name in self.unmapped]
        said += [
            f"Not read: {clash.not_read}. The field {clash.field} was read from {clash.read}." for clash in self.clashes
        ]
        said += [f"Missing: a column for {' or '.join(group)}." for group in self.missing_required]
        return tuple(said)


def known_heading(kind: RecordKind) -> Callable[[str], bool]:
    """Whether a heading is known, exactly or as one never kept: it finds the row of headings."""
    return lambda heading: (claim := claim_of(heading, kind)) is not None and claim.rank < Claim.NEAR


def map_columns(headings: Sequence[str], kind: RecordKind) -> ColumnMap:
    """Decide for each heading which field it feeds.

    A field's own name beats a synonym, which beats a heading with a typing error; among equals the first column wins.
    Telephone numbers, address lines and areas may come from several columns, but only one of them may hold whole
    addresses: a second one may be another place.
    """
    claims = {index: claim for index, heading in enumerate(headings) if (claim := claim_of(heading, kind))}
    labels = [column_label(headings, index) for index in range(len(headings))]
    wanted = {index: claim for index, claim in claims.items() if claim.field != FORBIDDEN}
    losers = _losers(wanted, headings)
    fields = {index: claim.field for index, claim in wanted.items() if index not in losers}
    present = set(fields.values())
    return ColumnMap(
        kind=kind,
        fields=fields,
        unmapped=tuple(label for index, label in enumerate(labels) if index not in claims),
        forbidden=tuple(labels[index] for index, claim in claims.items() if claim.field == FORBIDDEN),
        clashes=tuple(Clash(wanted[lost].field, labels[won], labels[lost]) for lost, won in losers.items()),
        missing_required=tuple(group for group in REQUIRED[kind] if present.isdisjoint(group)),
        single=tuple((at, name) for at, name in fields.items() if name not in MANY_COLUMNS | LISTS),
        gathered=_gathered(fields, claims),
        flats=frozenset(index for index in fields if names_a_flat(headings[index])),
    )


def row_fields(row: SheetRow, column_map: ColumnMap) -> dict[str, str | list[str]]:
    """The row's values by field name; an empty cell is no value, so its field is left out.

    Telephone numbers of several columns are joined with " / "; address lines keep the order of the address.
    """
    cells = row.cells
    values: dict[str, str | list[str]] = {name: cells[at] for at, name in column_map.single if cells[at]}
    for name, columns in column_map.gathered:
        texts = [_with_flat(cells[at]) if at in column_map.flats else cells[at] for at in columns if cells[at]]
        if texts:
            values[name] = _joined(name, texts, len(columns))
    return values


def row_problems(row: SheetRow, column_map: ColumnMap) -> tuple[CellProblem, ...]:
    """What is wrong with the row, leaving out columns that have a heading and are not read."""
    return tuple(
        problem
        for problem in row.problems
        if problem.index is None or problem.code is CellCode.NO_HEADING or problem.index in column_map.fields
    )


def _losers(wanted: dict[int, Claim], headings: Sequence[str]) -> dict[int, int]:
    """Columns that are not read, with the column that is read in their place."""
    rivals: dict[str, list[int]] = {}
    for index, claim in wanted.items():
        if claim.field not in MANY_COLUMNS or names_whole_address(headings[index]):
            rivals.setdefault(claim.field, []).append(index)
    losers: dict[int, int] = {}
    for group in rivals.values():
        best = min(group, key=lambda index: wanted[index].rank)
        losers |= {index: best for index in group if index != best}
    return losers


def _gathered(fields: dict[int, str], claims: dict[int, Claim]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The columns of each field that is joined or a list, in the order of their numbers when all are numbered."""
    columns: dict[str, list[int]] = {}
    for index, name in fields.items():
        if name in MANY_COLUMNS | LISTS:
            columns.setdefault(name, []).append(index)
    for group in columns.values():
        if all(claims[index].number is not None for index in group):
            group.sort(key=lambda index: claims[index].number or 0)
    return tuple((name, tuple(group)) for name, group in columns.items())


def _with_flat(text: str) -> str:
    return f"Flat {text}" if _BARE_FLAT.fullmatch(text) else text


def _joined(name: str, texts: list[str], columns: int) -> str | list[str]:
    if name == "cli":
        return " / ".join(texts)
    if name == "address_lines":
        return _address_lines(texts, columns)
    return [part for text in texts for part in map(str.strip, _SEPARATORS.split(text)) if part]


def _address_lines(texts: list[str], columns: int) -> list[str]:
    """One line each; a house number in a column of its own joins the street that follows it."""
    separator = _LINES_OR_COMMAS if columns == 1 else _LINES
    lines = [part for text in texts for part in map(str.strip, separator.split(text)) if part]
    joined: list[str] = []
    for line in lines:
        if joined and _HOUSE_NUMBER.fullmatch(joined[-1]):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return [*joined[:_LAST_LINE], ", ".join(joined[_LAST_LINE:])] if len(joined) > _LAST_LINE + 1 else joined
