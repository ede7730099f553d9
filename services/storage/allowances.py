from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from services.core.audit import AuditAction
from services.core.errors import TooOftenError
from services.storage.audit import count_acts, count_recorded
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

# Requests without effect: refused requests, repeated requests and dry runs.
_REFUSALS: Final = frozenset(
    [
        AuditAction.SUBMISSION_REPEATED,
        AuditAction.SUBMISSION_REFUSED,
        AuditAction.SUBMISSION_TRIED,
        AuditAction.REPLACEMENT_REFUSED,
        AuditAction.CASE_REFUSED,
    ]
)

_CONTACT_MESSAGES: Final = (AuditAction.CONTACT_CODE_SENT, AuditAction.CONTACT_TESTED)


def allow_refusal(work: UnitOfWork, feed_id: str) -> None:
    """Raises TooOftenError if the feed sent too many refused, repeated or dry requests in the last hour."""
    most = work.store.policy.refusals_an_hour
    if count_recorded(work.connection, _REFUSALS, feed_id, work.now - timedelta(hours=1)) >= most:
        raise TooOftenError(
            f"{most:,} refused, repeated or dry requests were recorded within an hour, so this one was "
            "not. Nothing was changed. Correct what is sent, and send it again later"
        )


def allow_repeat(store: Store, connection: Connection, subject: str, action: AuditAction) -> None:
    """Raises TooOftenError if `action` was recorded too often for `subject` in the last 24 hours."""
    most = store.policy.repeats_a_day
    if count_acts(connection, subject, action, store.now() - timedelta(days=1)) >= most:
        raise TooOftenError(
            f"{most} acts that change nothing here were recorded within a day, so this one was not. "
            "Acts that move a case are recorded as before"
        )


def allow_contact_message(store: Store, connection: Connection, contact: str) -> None:
    """Raises TooOftenError if the contact was sent too many codes and test messages in the last hour."""
    most, since = store.policy.contact_messages_an_hour, store.now() - timedelta(hours=1)
    if sum(count_acts(connection, contact, action, since) for action in _CONTACT_MESSAGES) >= most:
        raise TooOftenError(f"this contact had {most} codes and test messages within an hour: try again later")
