"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from services.ingest.reading.drafts import JoinedRow, RawRow
from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.reading.rows.repeated_rows import joined_rows
from services.ingest.reading.stamps import AHEAD


def related_rows(rows: Iterable[RawRow], now: datetime) -> Iterator[RawRow]:
    """Join rows with the same reference, but keep one row for each place."""
    groups: dict[str | int, list[RawRow]] = {}
    for row in rows:
        groups.setdefault(_reference(row, now) or row.number, []).append(row)
    # Popped, so that a large file is not held twice.
    for key in [*groups]:
        yield from joined_rows(groups.pop(key))


def joined_outcomes(main: RowOutcome, joined: Sequence[JoinedRow]) -> list[RowOutcome]:
    # These rows are kept as part of the entry of the main row. They are flagged, because they may be about another
    # person.
    outcome = Outcome.WARNED if main.outcome is Outcome.ACCEPTED else main.outcome
    return [RowOutcome(row.number, outcome, row.issues) for row in joined]


def _reference(row: RawRow, now: datetime) -> str | None:
    if not row.usable:
        return None
    if not row.typed:
        return _of_json(row)
    # If a row is refused because of its time of change, the other rows must not be refused with it.
    changed, reference = row.fields.get("updated_at"), row.fields.get("entry_id")
    sound = changed is None or (isinstance(changed, datetime) and changed <= now + AHEAD)
    return reference if sound and isinstance(reference, str) else None


def _of_json(row: RawRow) -> str | None:
    # JSON comes from systems that send versions. Versions with different times of change are not joined: their stamps
    # are compared.
    changed, reference = row.fields.get("updated_at"), row.fields.get("entry_id")
    return f"{reference}\0{changed}" if isinstance(reference, str) else None
