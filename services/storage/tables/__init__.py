"""All tables. They are the same on SQLite and PostgreSQL.

Times are whole microseconds since 1970 in UTC (`Moment`). Dates are dates in Europe/London. A column named `sealed`
holds JSON that is encrypted with AES-256-GCM (see vault.py). Data that could identify a person are only in sealed
columns.
"""

from services.storage.tables.base import Moment, metadata
from services.storage.tables.cases import (
    alert_cases,
    alerts,
    cases,
    contact_verifications,
    deliveries,
    delivery_attempts,
    refused_contacts,
    relaxations,
)
from services.storage.tables.intake import (
    api_keys,
    chosen_words,
    feed_silences,
    feeds,
    idempotency_keys,
    refused_files,
    refused_rows,
    sequences,
    submission_outcomes,
    submissions,
)
from services.storage.tables.records import (
    area_members,
    entry_tokens,
    matches,
    notice_tokens,
    notices,
    register_entries,
    unfinished_matching,
)
from services.storage.tables.streams import (
    audit,
    canaries,
    canaries_heard,
    deployment,
    engine_clock,
    figures,
    inbox,
    loops,
    outbox,
    outbox_checks,
    quarantine,
    watchdog_findings,
)

__all__ = [
    "Moment",
    "alert_cases",
    "alerts",
    "api_keys",
    "area_members",
    "audit",
    "canaries",
    "canaries_heard",
    "cases",
    "chosen_words",
    "contact_verifications",
    "deliveries",
    "delivery_attempts",
    "deployment",
    "engine_clock",
    "entry_tokens",
    "feed_silences",
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
    "refused_contacts",
    "refused_files",
    "refused_rows",
    "register_entries",
    "relaxations",
    "sequences",
    "submission_outcomes",
    "submissions",
    "unfinished_matching",
    "watchdog_findings",
]
