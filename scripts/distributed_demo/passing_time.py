"""Makes a day pass without waiting: the times and dates in the database are moved one day into the past.

Several processes share the machine's clock, so time cannot run faster. But the rules only compare stored times with the
clock. If every stored time is a day earlier, the rules decide as if a day had passed.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from services.storage.store import Store

# A day in microseconds, because moments are stored in microseconds.
A_DAY = timedelta(days=1) // timedelta(microseconds=1)

NOTICES = f"""
UPDATE notices SET
    issued_at = issued_at - {A_DAY},
    stamp_from = stamp_from - {A_DAY},
    stamp_until = stamp_until - {A_DAY},
    rival_planned_on = rival_planned_on - 1,
    rival_restriction_on = rival_restriction_on - 1,
    planned_on = planned_on - 1,
    restriction_on = restriction_on - 1
"""

CASES = f"""
UPDATE cases SET
    opened_at = opened_at - {A_DAY},
    state_since = state_since - {A_DAY},
    notice_issued_at = notice_issued_at - {A_DAY},
    last_alert_at = last_alert_at - {A_DAY},
    paused_until = paused_until - {A_DAY},
    due_at = due_at - {A_DAY},
    harm_on = harm_on - 1,
    planned_on = planned_on - 1,
    restriction_on = restriction_on - 1,
    hold_until = hold_until - 1,
    review_on = review_on - 1
"""

# A case stores the day of the last restriction that the council was alerted about.
RESTRICTIONS_TOLD = """
UPDATE cases SET seen = jsonb_set(
    CAST(seen AS jsonb), '{restricted}', to_jsonb(CAST(CAST(seen ->> 'restricted' AS date) - 1 AS text))
)
WHERE seen ->> 'restricted' IS NOT NULL
"""

ALERTS = f"""
UPDATE alerts SET
    created_at = created_at - {A_DAY},
    acknowledged_at = acknowledged_at - {A_DAY}
"""


def let_a_day_pass(store: Store) -> None:
    """Move notices, cases and alerts a day into the past, in one transaction. Works only on PostgreSQL."""
    with store.writing() as connection:
        for statement in (NOTICES, CASES, RESTRICTIONS_TOLD, ALERTS):
            connection.execute(text(statement))
