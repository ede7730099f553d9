from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from schemas.codes import Connection as AlarmConnection
from services.core.tokens import TokenKind
from services.ingest.reading.drafts import Draft, EntryFacts
from services.ingest.reading.spreadsheets.remarks import Remarks, capped
from services.ingest.recording.store.entries import MissingEntries, open_cases_of
from services.ingest.recording.submission import Reading

_NAMED: Final = 12  # cases or rows in one remark; the others are counted
_WITHOUT_A_LINE: Final = frozenset([AlarmConnection.SIM, AlarmConnection.IP])


def with_remarks(first: Sequence[str], remarks: Remarks) -> Remarks:
    return lambda outcomes: capped((*first, *remarks(outcomes)))


def on_withdrawals(connection: Connection, missing: MissingEntries, *, tried: bool) -> tuple[str, ...]:
    """Return the remarks on entries that are withdrawn because the file lacks them. `tried` is True for a dry run."""
    gone = len(missing.pks)
    if not gone:
        return ()
    were = "would be" if tried else "was" if gone == 1 else "were"
    entries = "1 entry on record" if gone == 1 else f"{gone:,} entries on record"
    withdrawn = f"{entries} {were} withdrawn, because the file does not hold the reference."
    cases = open_cases_of(connection, missing.pks)
    if not cases:
        return (withdrawn,)
    more = f" and {len(cases) - _NAMED:,} more" if len(cases) > _NAMED else ""
    ends = f"This {'would end' if tried else 'ends'} {_counted(len(cases), 'open case')}"
    return (
        withdrawn,
        f"{ends}: {', '.join(cases[:_NAMED])}{more}. If these people still have an alarm, send them again.",
    )


def on_numbers(reading: Reading[Any]) -> tuple[str, ...]:
    # Entries whose alarm needs no line are left out.
    rows = sorted(draft.row for draft in reading.drafts if _lacks_number(draft))
    if not rows:
        return ()
    more = f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    have = "has" if len(rows) == 1 else "have"
    many = f"{_counted(len(rows), 'entry', 'entries')} {have} no usable telephone number"
    named = ", ".join(map(str, rows[:_NAMED]))
    return (f"{many} and can be matched by UPRN or address alone: row {named}{more}.",)


def _lacks_number(draft: Draft[Any]) -> bool:
    if not isinstance(draft.facts, EntryFacts) or draft.facts.connection in _WITHOUT_A_LINE:
        return False
    return all(kind is not TokenKind.TELEPHONE for kind, _ in draft.values)


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
