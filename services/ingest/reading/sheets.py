"""Reads a spreadsheet into rows with typed fields, and remarks on its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.ingest.files.dates import read_date, read_moment
from services.ingest.files.problems import CellProblem
from services.ingest.files.reader import read_table
from services.ingest.files.table import FileLimits, SheetRow
from services.ingest.files.words import CODED_FIELDS, read_code, read_yes_no
from services.ingest.reading.columns import ColumnMap, map_columns, row_fields, row_problems
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.outcomes import Issue, RowOutcome
from services.ingest.reading.spreadsheets.areas import as_sector
from services.ingest.reading.spreadsheets.chosen_columns import knows_heading, read_choices
from services.ingest.reading.spreadsheets.missing_columns import one_reason
from services.ingest.reading.spreadsheets.remarks import capped
from services.ingest.reading.spreadsheets.revised_dates import settle_dates
from services.ingest.reading.spreadsheets.title_rows import LeftOut, without_titles

DATES = frozenset(
    [
        "planned_migration_date",
        "restriction_start_date",
        "service_started_on",
        "service_ended_on",
        "share_basis_expires_on",
    ]
)
MOMENTS = frozenset(["issued_at", "updated_at", "last_successful_test_at", "last_confirmed_at"])
YES_NO = frozenset(["customer_engaged", "line_used_last_12_months", "telecare_known", "arc_number_dialled"])


@dataclass(frozen=True)
class Sheet:
    """A file after reading: its columns, remarks for the sender, and its rows, which can be iterated once."""

    columns: ColumnMap
    headings: tuple[str, ...]
    remarks: tuple[str, ...]
    rows: Iterator[RawRow]
    left_out: LeftOut

    def remarks_after(self, outcomes: Sequence[RowOutcome]) -> Sequence[str]:
        """Return all remarks, once the rows are read and their outcomes known."""
        reason = self.one_reason(outcomes)
        return capped((*([reason] if reason else ()), *self.left_out.remarks(), *self.remarks))

    def one_reason(self, outcomes: Sequence[RowOutcome]) -> str | None:
        """Return why no row could be kept, if it is the same column that every row misses."""
        return one_reason(self.headings, self.columns, outcomes)


def read_sheet(
    data: bytes,
    kind: RecordKind,
    limits: FileLimits,
    media_type: str | None = None,
    file_name: str | None = None,
    by_hand: Sequence[str] = (),
) -> Sheet:
    """Read a CSV or XLSX file of notices or register entries; `by_hand` maps columns ("Lifeline No=entry_id").

    Raises RefusedError for `by_hand`, and FileRefused, here or while the rows are read.
    """
    chosen = read_choices(by_hand, kind)
    known = knows_heading(kind, chosen)
    table = read_table(data, media_type=media_type, file_name=file_name, limits=limits, known_heading=known)
    columns = map_columns(table.headings, kind, chosen)
    remarks = (*map(str, table.remarks), *columns.remarks())
    left_out = LeftOut()
    rows = without_titles(table.rows, columns.fields, left_out)
    return Sheet(columns, table.headings, remarks, (_raw_row(row, columns) for row in rows), left_out)


def _raw_row(row: SheetRow, columns: ColumnMap) -> RawRow:
    fields: dict[str, Any] = {field: _typed(field, value) for field, value in row_fields(row, columns).items()}
    if columns.sectors and "area_codes" in fields:
        fields["area_codes"] = [as_sector(code) for code in fields["area_codes"]]
    settled = settle_dates(row.cells, fields, columns.dates)
    # Spreadsheets seldom have an id besides the reference, and the schema needs one.
    if columns.kind is RecordKind.NOTICE and "id" not in fields and "provider_reference" in fields:
        fields["id"] = fields["provider_reference"]
    issues = tuple(_issue(problem, columns.fields) for problem in row_problems(row, columns))
    return RawRow(row.number, fields, (*issues, *settled), row.usable, typed=True)


def _typed(field: str, value: str | list[str]) -> Any:
    # A value that cannot be read stays as it is: validation then reports it with the name of its field.
    if isinstance(value, list):
        return value
    if field in DATES:
        return _or_as_written(read_date(value), value)
    if field in MOMENTS:
        return _or_as_written(read_moment(value), value)
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
