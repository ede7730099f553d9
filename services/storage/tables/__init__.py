"""All tables, the same on SQLite and PostgreSQL.

Times are whole microseconds since 1970 in UTC (`Moment`), dates are dates in Europe/London. A column named `sealed`
holds JSON under AES-256-GCM (see vault.py). Whatever could identify a person is sealed and stored nowhere else.
"""

from services.storage.tables.base import Moment, metadata
from services.storage.tables.cases import alert_cases, alerts, cases, deliveries, delivery_attempts
from services.storage.tables.intake import (
    api_keys,
    feeds,
    idempotency_keys,
    sequences,
    submission_outcomes,
    submissions,
)
from services.storage.tables.records import entry_tokens, matches, notice_tokens, notices, register_entries
from services.storage.tables.streams import (
    audit,
    canaries,
    canaries_heard,
    figures,
    inbox,
    loops,
    outbox,
    outbox_checks,
    quarantine,
)

__all__ = [
    "Moment",
    "alert_cases",
    "alerts",
    "api_keys",
    "audit",
    "canaries",
    "canaries_heard",
    "cases",
    "deliveries",
    "delivery_attempts",
    "entry_tokens",
    "feeds",
    "figures",
    "idempotency_keys",
    "inbox",
    "loops",
    "matches",
    "metadata",
    "notice_tokens",
    "notices",
    "outbox",
    "outbox_checks",
    "quarantine",
    "register_entries",
    "sequences",
    "submission_outcomes",
    "submissions",
]
