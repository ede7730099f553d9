"""Limits how many useless requests are recorded: refused requests, repeated requests and acts, and dry runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from services.core.audit import AuditAction
from services.core.errors import TooOftenError
from services.storage.audit import count_acts, count_recorded
from services.storage.unit_of_work import UnitOfWork

# Requests of one feed, and acts on one case or alert that change nothing [P]. Honest senders stay far below.
REFUSALS_AN_HOUR: Final = 1_000
REPEATS_A_DAY: Final = 100
_REFUSALS: Final = frozenset(
    [
        AuditAction.SUBMISSION_REPEATED,
        AuditAction.SUBMISSION_REFUSED,
        AuditAction.SUBMISSION_TRIED,
        AuditAction.REPLACEMENT_REFUSED,
        AuditAction.CASE_REFUSED,
    ]
)


def allow_refusal(work: UnitOfWork, feed_id: str) -> None:
    """Raise TooOftenError if a feed has sent too many useless requests within an hour.

    These are refused requests, repeated requests and dry runs.
    """
    if count_recorded(work.connection, _REFUSALS, feed_id, work.now - timedelta(hours=1)) >= REFUSALS_AN_HOUR:
        raise TooOftenError(
            f"{REFUSALS_AN_HOUR:,} refused, repeated or dry requests were recorded within an hour, so this one was "
            "not. Nothing was changed. Correct what is sent, and send it again later"
        )


def allow_repeat(connection: Connection, subject: str, action: AuditAction, now: datetime) -> None:
    """Raise TooOftenError if the same act on a case or an alert was recorded too often within a day."""
    if count_acts(connection, subject, action, now - timedelta(days=1)) >= REPEATS_A_DAY:
        raise TooOftenError(
            f"{REPEATS_A_DAY} acts that change nothing here were recorded within a day, so this one was not. "
            "Acts that move a case are recorded as before"
        )
