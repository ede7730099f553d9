from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.ingest.files.dates import DateOrder
from services.ingest.files.problems import CellProblem
from services.ingest.files.reader import read_table
from services.ingest.files.table import FileLimits, SheetRow
from services.ingest.files.words import CODED_FIELDS, read_code, read_yes_no
from services.ingest.reading.columns import ColumnMap, map_columns, row_fields, row_problems
from services.ingest.reading.drafts import RawRow, RecordKind, TwoReadings
from services.ingest.reading.outcomes import Issue, RowOutcome
from services.ingest.reading.rows.cells import read_cells
from services.ingest.reading.rows.date_columns import DATES, MOMENTS, OF_THE_MOVE, DateColumns
from services.ingest.reading.spreadsheets.areas import as_sector
from services.ingest.reading.spreadsheets.chosen_columns import (
    COLUMN,
    ChosenWord,
    check_headings,
    knows_heading,
    read_choices,
    remembered_as,
    remembered_remarks,
    to_remember,
)
from services.ingest.reading.spreadsheets.chosen_statuses import STATUS_FIELD, ChosenStatuses, read_statuses
from services.ingest.reading.spreadsheets.missing_columns import one_reason
from services.ingest.reading.spreadsheets.remarks import capped
from services.ingest.reading.spreadsheets.revised_dates import rival_texts, settle_dates
from services.ingest.reading.spreadsheets.title_rows import LeftOut, without_titles

YES_NO = frozenset(["customer_engaged", "line_used_last_12_months", "telecare_known", "arc_number_dialled"])


@dataclass(frozen=True)
class Sheet:
    columns: ColumnMap
    headings: tuple[str, ...]
    remarks: tuple[str, ...]
    # Can be iterated only once.
    rows: Iterator[RawRow]
    left_out: LeftOut
    statuses: ChosenStatuses
    # Mappings of this request that are kept for the sender's later files.
    to_remember: tuple[ChosenWord, ...] = ()

    def remarks_after(self, outcomes: Sequence[RowOutcome]) -> Sequence[str]:
        """Call this function only after all rows are read."""
        reason = self.one_reason(outcomes)
        return capped(
            (*([reason] if reason else ()), *self.left_out.remarks(), *self.statuses.remarks(), *self.remarks)
        )

    def one_reason(self, outcomes: Sequence[RowOutcome]) -> str | None:
        return one_reason(self.headings, self.columns, outcomes)


def read_sheet(
    data: bytes,
    kind: RecordKind,
    limits: FileLimits,
    media_type: str | None = None,
    file_name: str | None = None,
    dates: DateOrder | None = None,
    by_hand: Sequence[str] = (),
    words: Sequence[str] = (),
    remembered: Sequence[ChosenWord] = (),
) -> Sheet:
    """Raises RefusedError if a mapping is wrong.

    Raises FileRefused if the file cannot be read: in this call, or later, while the caller reads the rows.
    """
    new, chosen = read_choices(by_hand, kind), read_statuses(words, kind)
    before = remembered_as(COLUMN, remembered, new)
    known = knows_heading(kind, {**before, **new})
    table = read_table(data, media_type=media_type, file_name=file_name, limits=limits, known_heading=known)
    check_headings(table.headings, new)
    columns = map_columns(table.headings, kind, {**before, **new})
    remarks = (*map(str, table.remarks), *remembered_remarks(table.headings, before), *columns.remarks())
    field = STATUS_FIELD[kind]
    old = remembered_as(field, remembered, chosen)
    statuses = ChosenStatuses(field, {**old, **chosen}, frozenset(old))
    left_out = LeftOut()
    rows = without_titles(table.rows, columns.fields, left_out)
    order = DateColumns(columns.fields.values(), table.date_system, dates)
    to_keep = (*to_remember(COLUMN, new), *to_remember(field, chosen))
    return Sheet(
        columns, table.headings, remarks, _raw_rows(rows, columns, order, statuses), left_out, statuses, to_keep
    )


def _raw_rows(
    rows: Iterable[SheetRow], columns: ColumnMap, dates: DateColumns, statuses: ChosenStatuses
) -> Iterator[RawRow]:
    read = (_read_row(row, columns, statuses) for row in rows)
    if not dates.present:
        yield from (_raw_row(row, columns, dates) for row in read)
        return
    # Held until every date is seen, within the limit of rows.
    held = list(read)
    for row in held:
        if row.usable:
            dates.see(row.cells)
            # They prove the order of their column as well.
            for field, texts in row.rivals.items():
                for text in texts:
                    dates.see({field: text})
    # Taken from the end of a reversed list, so that each row is given back as soon as it is read.
    held.reverse()
    while held:
        yield _raw_row(held.pop(), columns, dates)


class _ReadRow(NamedTuple):
    # A row without the cells of columns that are not read.
    number: int
    usable: bool
    cells: dict[str, str | list[str]]
    issues: tuple[Issue, ...]
    # The cells of a date for which the row gives two revised dates, of which none is read.
    rivals: Mapping[str, Sequence[str]]


def _read_row(row: SheetRow, columns: ColumnMap, statuses: ChosenStatuses) -> _ReadRow:
    row = read_cells(row, columns)
    cells = row_fields(row, columns)
    if isinstance(status := cells.get(statuses.field), str) and (code := statuses.code_of(status)):
        cells[statuses.field] = code
    if columns.sectors and isinstance(codes := cells.get("area_codes"), list):
        cells["area_codes"] = [as_sector(code) for code in codes]
    settled = settle_dates(row.cells, cells, columns.dates)
    problems = (_issue(problem, columns.fields) for problem in row_problems(row, columns))
    return _ReadRow(row.number, row.usable, cells, (*problems, *settled), rival_texts(row.cells, columns.dates))


def _raw_row(row: _ReadRow, columns: ColumnMap, dates: DateColumns) -> RawRow:
    fields: dict[str, Any] = {}
    found: list[Issue] = []
    readings = list[TwoReadings]()
    for field, value in row.cells.items():
        if isinstance(value, str) and field in DATES | MOMENTS:
            day, issues = dates.read(field, value)
            found += issues
            # Without its date: validation would refuse the row.
            if day is not None:
                fields[field] = day
            elif field in OF_THE_MOVE and (two := dates.readings(field, value)):
                readings.append(two)
        else:
            fields[field] = _typed(field, value)
    readings += (two for field, texts in row.rivals.items() if (two := dates.readings_of_all(field, texts)))
    # Spreadsheets seldom have an id besides the reference, and the schema needs one.
    if columns.kind is RecordKind.NOTICE and "id" not in fields and "provider_reference" in fields:
        fields["id"] = fields["provider_reference"]
    return RawRow(row.number, fields, (*row.issues, *found), row.usable, typed=True, readings=tuple(readings))


def _typed(field: str, value: str | list[str]) -> Any:
    # A value that cannot be read stays as it is: validation then reports it with the name of its field.
    if isinstance(value, list):
        return value
    if field in YES_NO:
        return _or_as_written(read_yes_no(value), value)
    if field in CODED_FIELDS:
        return _or_as_written(read_code(field, value), value)
    return value


def _or_as_written(read: Any, value: str) -> Any:
    return value if read is None else read


def _issue(problem: CellProblem, fields: Mapping[int, str]) -> Issue:
    # "row" for a fault of the whole row, and for a cell whose column feeds no field.
    field = fields.get(problem.index, "row") if problem.index is not None else "row"
    return Issue(field, problem.code.value, problem.reason, problem.remedy)
