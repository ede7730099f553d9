"""All functions are pure."""
# The cells of forbidden columns are never read.

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.ingest.files.problems import CellCode, CellProblem
from services.ingest.files.table import SheetRow, column_label
from services.ingest.reading.column_names import LISTS, MANY_COLUMNS, REQUIRED
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import FORBIDDEN, Meaning, meaning_of, names_a_flat, names_whole_address
from services.ingest.reading.spreadsheets.areas import holds_sectors
from services.ingest.reading.spreadsheets.chosen_columns import Chosen, chosen_meanings, knows_heading
from services.ingest.reading.spreadsheets.revised_dates import RevisedDate, date_columns
from services.ingest.reading.spreadsheets.second_people import contact_columns, repeated_columns

_SEPARATORS = re.compile(r"[,;/\n]+")
_LINES = re.compile(r"[\r\n]+")
_LINES_OR_COMMAS = re.compile(r"[,;\r\n]+")
# Counted from 0. The schema allows eight address lines; the last one takes the rest of a longer address.
_LAST_LINE = 7
_BARE_FLAT = re.compile(r"\d{1,4}[A-Za-z]?|[A-Za-z]")
# "12", "12B", and a range such as "12-14".
_HOUSE_NUMBER = re.compile(r"\d{1,4}[A-Za-z]?(?:\s*-\s*\d{1,4}[A-Za-z]?)?")


@dataclass(frozen=True, slots=True)
class Clash:
    field: str
    read: str
    not_read: str


@dataclass(frozen=True, slots=True)
class ColumnMap:
    kind: RecordKind
    # Column, counted from 0, to the field it feeds.
    fields: dict[int, str]
    # Labels of columns with an unknown heading. They are not read.
    unmapped: tuple[str, ...]
    # Labels of columns that must never be kept. They are not read.
    forbidden: tuple[str, ...]
    clashes: tuple[Clash, ...]
    # Columns whose heading is repeated from a column further left, and the columns that are read instead.
    repeated: tuple[tuple[str, str], ...]
    # Fields that are joined from columns that do not stand side by side, with the labels of these columns.
    scattered: tuple[tuple[str, tuple[str, ...]], ...]
    # Dates with more than one column.
    dates: tuple[RevisedDate, ...]
    # Columns that are read although the heading has a typing error: label and field.
    guessed: tuple[tuple[str, str], ...]
    # Labels of the columns of one date, in their order. The last column that is filled is read.
    revised: tuple[tuple[str, tuple[str, ...]], ...]
    # Groups of fields that need at least one column and have none.
    missing_required: tuple[tuple[str, ...], ...]
    # Columns that hold a whole field. Worked out once per file, because `row_fields` runs for every row.
    single: tuple[tuple[int, str], ...] = field(repr=False)
    # Fields made of several columns or of a list, with their columns in the order of joining.
    gathered: tuple[tuple[str, tuple[int, ...]], ...] = field(repr=False)
    # True if all areas stand under "sectors".
    sectors: bool = field(repr=False)
    # Columns that hold only the flat.
    flats: frozenset[int] = field(repr=False)

    def remarks(self) -> tuple[str, ...]:
        # Sentences that are shown to the sender.
        remarks = [f"Not read and not kept: {name}. Please leave this column out." for name in self.forbidden]
        remarks += [
            f"Read as {name} although the heading is not exactly known: {label}. Please check it."
            for label, name in self.guessed
        ]
        remarks += [
            f"The field {name} was read from {found[-1]} where it is filled, else from {' or '.join(found[:-1])}."
            for name, found in self.revised
        ]
        remarks += [
            f"Not read: {label}. Its heading appears twice, and only the first, {read}, was read. "
            "If it is about the same home, give it another heading."
            for label, read in self.repeated
        ]
        remarks += [
            f"The field {name} was joined from {' and '.join(found)}. If one is about somebody else, leave it out."
            for name, found in self.scattered
        ]
        remarks += [f"Not read, the heading is not known: {name}." for name in self.unmapped]
        remarks += [
            f"Not read: {clash.not_read}. The field {clash.field} was read from {clash.read}." for clash in self.clashes
        ]
        remarks += [f"Missing: a column for {' or '.join(group)}." for group in self.missing_required]
        return tuple(remarks)


def known_heading(kind: RecordKind) -> Callable[[str], bool]:
    return knows_heading(kind, {})


def map_columns(headings: Sequence[str], kind: RecordKind, by_hand: Chosen | None = None) -> ColumnMap:
    """If two columns fit a field equally well, the first column is read."""
    meanings = {index: meaning for index, heading in enumerate(headings) if (meaning := meaning_of(heading, kind))}
    labels = [column_label(headings, index) for index in range(len(headings))]
    meanings |= dict.fromkeys(contact_columns(headings, meanings), Meaning(FORBIDDEN, Meaning.SYNONYM))
    chosen = chosen_meanings(headings, by_hand or {})
    meanings |= chosen
    dates = date_columns(["" if at in chosen else text for at, text in enumerate(headings)], kind, meanings)
    marked = {index: Meaning(one.field, Meaning.SYNONYM) for one in dates if one.in_order for index in one.marked}
    meanings = {index: meaning for index, meaning in meanings.items() if index not in marked} | marked
    known = {
        index: meaning for index, meaning in meanings.items() if meaning.field != FORBIDDEN and index not in marked
    }
    # The second block of a list is often the next of kin's: its values are never joined to the resident's.
    by_itself = known.keys() - chosen.keys()
    repeated = {index: first for index, first in repeated_columns(headings, known).items() if index in by_itself}
    candidates = {index: meaning for index, meaning in known.items() if index not in repeated}
    losers = _losers(candidates, headings)
    fields = {index: meaning.field for index, meaning in candidates.items() if index not in losers}
    for one in dates:
        # The revised date comes last in this order, so that it counts if several cells are filled.
        fields = {index: name for index, name in fields.items() if index not in one.in_order}
        fields |= dict.fromkeys(one.in_order, one.field)
    older = [(one, at) for one in dates if one.in_order for at in one.original if at not in one.in_order]
    present = set(fields.values())
    gathered = _gathered(fields, meanings)
    return ColumnMap(
        kind=kind,
        fields=fields,
        unmapped=tuple(label for index, label in enumerate(labels) if index not in meanings),
        forbidden=tuple(labels[index] for index, meaning in meanings.items() if meaning.field == FORBIDDEN),
        clashes=(
            *(Clash(candidates[lost].field, labels[won], labels[lost]) for lost, won in losers.items()),
            *(Clash(one.field, labels[one.in_order[0]], labels[at]) for one, at in older),
        ),
        dates=dates,
        revised=tuple((one.field, tuple(labels[at] for at in one.in_order)) for one in dates if len(one.in_order) > 1),
        scattered=tuple((name, tuple(labels[at] for at in group)) for name, group in gathered if _is_scattered(group)),
        repeated=tuple((labels[index], labels[first]) for index, first in repeated.items()),
        guessed=tuple((labels[at], name) for at, name in fields.items() if meanings[at].rank == Meaning.NEAR),
        missing_required=tuple(group for group in REQUIRED[kind] if present.isdisjoint(group)),
        single=tuple((at, name) for at, name in fields.items() if name not in MANY_COLUMNS | LISTS),
        gathered=gathered,
        sectors=holds_sectors([headings[at] for at, name in fields.items() if name == "area_codes"]),
        flats=frozenset(index for index in fields if names_a_flat(headings[index])),
    )


def row_fields(row: SheetRow, column_map: ColumnMap) -> dict[str, str | list[str]]:
    cells = row.cells
    values: dict[str, str | list[str]] = {name: cells[at] for at, name in column_map.single if cells[at]}
    for name, columns in column_map.gathered:
        texts = [_with_flat(cells[at]) if at in column_map.flats else cells[at] for at in columns if cells[at]]
        if texts:
            values[name] = _joined(name, texts, len(columns))
    return values


def row_problems(row: SheetRow, column_map: ColumnMap) -> tuple[CellProblem, ...]:
    # Faults in columns that are not read are left out. A cell without a heading is reported: it may be lost data.
    return tuple(
        problem
        for problem in row.problems
        if problem.index is None or problem.code is CellCode.NO_HEADING or problem.index in column_map.fields
    )


def _losers(candidates: dict[int, Meaning], headings: Sequence[str]) -> dict[int, int]:
    # Maps each column that is not read to the column that is read instead.
    rivals: dict[str, list[int]] = {}
    for index, meaning in candidates.items():
        # Two columns of whole addresses may be two places, such as home and billing: only one of them is read.
        if meaning.field not in MANY_COLUMNS or names_whole_address(headings[index]):
            rivals.setdefault(meaning.field, []).append(index)
    losers: dict[int, int] = {}
    for group in rivals.values():
        best = min(group, key=lambda index: candidates[index].rank)
        losers |= {index: best for index in group if index != best}
    return losers


def _gathered(fields: dict[int, str], meanings: dict[int, Meaning]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    columns: dict[str, list[int]] = {}
    for index, name in fields.items():
        if name in MANY_COLUMNS | LISTS:
            columns.setdefault(name, []).append(index)
    for group in columns.values():
        # "Address 2" may stand left of "Address 1": the numbers decide the order if every column has one.
        if all(meanings[index].number is not None for index in group):
            group.sort(key=lambda index: meanings[index].number or 0)
    return tuple((name, tuple(group)) for name, group in columns.items())


def _is_scattered(group: Sequence[int]) -> bool:
    return max(group) - min(group) >= len(group)


def _with_flat(text: str) -> str:
    return f"Flat {text}" if _BARE_FLAT.fullmatch(text) else text


def _joined(name: str, texts: list[str], columns: int) -> str | list[str]:
    if name == "cli":
        # `read_numbers` splits the text again at " / ".
        return " / ".join(texts)
    if name == "address_lines":
        return _address_lines(texts, columns)
    return [part for text in texts for part in map(str.strip, _SEPARATORS.split(text)) if part]


def _address_lines(texts: list[str], columns: int) -> list[str]:
    # Commas separate the lines only if one column holds the whole address. Elsewhere a comma belongs to its line.
    separator = _LINES_OR_COMMAS if columns == 1 else _LINES
    lines = [part for text in texts for part in map(str.strip, separator.split(text)) if part]
    joined: list[str] = []
    for line in lines:
        # A house number in a column of its own belongs to the street in the next column.
        if joined and _HOUSE_NUMBER.fullmatch(joined[-1]):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return [*joined[:_LAST_LINE], ", ".join(joined[_LAST_LINE:])] if len(joined) > _LAST_LINE + 1 else joined
