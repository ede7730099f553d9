from __future__ import annotations

from collections import Counter
from typing import Final

from sqlalchemy import Engine

from services.watchdog.findings import FaultKind

K = FaultKind
# The watchdog must find at least this number of faults of each kind.
EACH: Final = 7
LATER, NEVER = "due_at = due_at + 864000000000", "due_at = NULL"
# What changes, where, and what is found. The states keep the faults apart.
_OF_CASES: Final = (
    (NEVER, "state = 'acknowledged'", K.NO_DUE_TIME),
    ("due_at = due_at - 864000000000", "state = 'no_access'", K.REVIEW_LATE),
    (LATER, "state = 'solution_fitted'", K.REVIEW_PUT_OFF),
    ("paused_until = due_at + 864000000000", "state = 'resident_contacted'", K.PAUSE_TOO_LONG),
    ("hold_until = NULL", "state = 'hold_confirmed'", K.HOLD_WITHOUT_END),
    ("state = 'confirmed_safe'", "state = 'visit_booked'", K.SILENCED_WITHOUT_RECORD),
)
_SOME: Final = f"(SELECT pk FROM cases WHERE {{}} AND pk % 10 > 0 ORDER BY pk % 1009, pk LIMIT {EACH})"
_OF_OTHERS: Final = (
    ("DELETE FROM alert_cases WHERE case_pk IN", "state = 'line_restricted'", (K.MESSAGE_MISSING, K.NEVER_ACCEPTED)),
    ("UPDATE matches SET live = false WHERE entry_pk IN", "state = 'migrated'", (K.MATCH_ENDED,)),
    ("DELETE FROM entry_tokens WHERE entry_pk IN", "state = 'reverted'", (K.TOKENS_MISSING,)),
)


def plant(engine: Engine) -> set[FaultKind]:
    """Damage some cases. Return the kinds of faults that the watchdog must find."""
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE cases DROP CONSTRAINT open_case_is_due")
        for change, where, _ in _OF_CASES:
            connection.exec_driver_sql(
                f"UPDATE cases SET {change} WHERE pk IN {_SOME.format(where)}".replace("%", "%%")
            )
        for change, where, _ in _OF_OTHERS:
            connection.exec_driver_sql(f"{change} {_SOME.format(where)}".replace("%", "%%"))
    return {kind for *_, kind in _OF_CASES} | {kind for *_, kinds in _OF_OTHERS for kind in kinds}


def missed(planted: set[FaultKind], found: Counter[FaultKind]) -> list[FaultKind]:
    return sorted(kind for kind in planted if found[kind] < EACH)
