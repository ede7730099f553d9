"""The audit vocabulary: everything the audit can say, each word with exactly the fields it carries.

The negatives are words too: what was refused, suppressed, or could not be done must be as easy to find as what was
done. No field ever holds a telephone number, an address or a name; who acted is sealed beside the row.
"""

from __future__ import annotations

from enum import StrEnum


class AuditWord(StrEnum):
    """What happened. The values are stored: never change one."""

    SUBMISSION_ACCEPTED = "submission_accepted"
    SUBMISSION_REPEATED = "submission_repeated"
    REPLACEMENT_REFUSED = "replacement_refused"
    NOTICES_ACCEPTED = "notices_accepted"
    NOTICES_TIMED = "notices_timed"
    NOTICES_STALE = "notices_stale"
    NOTICES_SUPERSEDED = "notices_superseded"
    ENTRIES_ACCEPTED = "entries_accepted"
    ENTRIES_STALE = "entries_stale"
    ENTRIES_WITHDRAWN = "entries_withdrawn"
    LINES_MATCHED = "lines_matched"
    LINES_UNMATCHED = "lines_unmatched"
    MATCH_DECIDED = "match_decided"
    CASE_OPENED = "case_opened"
    CASE_MOVED = "case_moved"
    CASE_NOTED = "case_noted"
    CASE_LINES_CHANGED = "case_lines_changed"
    CASE_REFUSED = "case_refused"
    ALERT_INTENDED = "alert_intended"
    ATTEMPT_STARTED = "attempt_started"
    DELIVERY_SENT = "delivery_sent"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_IN_DOUBT = "delivery_in_doubt"
    DELIVERY_GIVEN_UP = "delivery_given_up"
    NOBODY_COULD_BE_TOLD = "nobody_could_be_told"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    DUPLICATE_SUPPRESSED = "duplicate_suppressed"
    EVENT_QUARANTINED = "event_quarantined"
    QUARANTINE_GIVEN_BACK = "quarantine_given_back"
    QUARANTINE_DROPPED = "quarantine_dropped"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    POLICY_CHANGED = "policy_changed"
    STOCK_TAKEN = "stock_taken"
    BACKUP_MADE = "backup_made"
    DATABASE_RESTORED = "database_restored"


FIELDS: dict[AuditWord, frozenset[str]] = {
    word: frozenset(fields.split())
    for word, fields in {
        AuditWord.SUBMISSION_ACCEPTED: "submission records accepted warned unchanged stale rejected",
        AuditWord.SUBMISSION_REPEATED: "submission",
        AuditWord.REPLACEMENT_REFUSED: "would_withdraw live share",
        AuditWord.NOTICES_ACCEPTED: "submission records",
        AuditWord.NOTICES_TIMED: "submission leads",
        AuditWord.NOTICES_STALE: "submission records",
        AuditWord.NOTICES_SUPERSEDED: "submission records",
        AuditWord.ENTRIES_ACCEPTED: "submission records",
        AuditWord.ENTRIES_STALE: "submission records",
        AuditWord.ENTRIES_WITHDRAWN: "submission records",
        AuditWord.LINES_MATCHED: "records",
        AuditWord.LINES_UNMATCHED: "records",
        AuditWord.MATCH_DECIDED: "notice entry decision level",
        AuditWord.CASE_OPENED: "case entry level harm_on providers",
        AuditWord.CASE_MOVED: "case event from to harm_on issued_at providers detail",
        AuditWord.CASE_NOTED: "case event state harm_on issued_at providers detail",
        AuditWord.CASE_LINES_CHANGED: "case harm_on issued_at providers",
        AuditWord.CASE_REFUSED: "case event state",
        AuditWord.ALERT_INTENDED: "alert threshold reason cases deliveries",
        AuditWord.ATTEMPT_STARTED: "delivery alert number",
        AuditWord.DELIVERY_SENT: "delivery alert number",
        AuditWord.DELIVERY_FAILED: "delivery alert number reason",
        AuditWord.DELIVERY_IN_DOUBT: "delivery alert number",
        AuditWord.DELIVERY_GIVEN_UP: "delivery alert number reason",
        AuditWord.NOBODY_COULD_BE_TOLD: "alert cases",
        AuditWord.ALERT_ACKNOWLEDGED: "alert cases",
        AuditWord.DUPLICATE_SUPPRESSED: "event consumer",
        AuditWord.EVENT_QUARANTINED: "event consumer topic",
        AuditWord.QUARANTINE_GIVEN_BACK: "event consumer",
        AuditWord.QUARANTINE_DROPPED: "event consumer",
        AuditWord.KEY_CREATED: "key role expires_at",
        AuditWord.KEY_REVOKED: "key",
        AuditWord.POLICY_CHANGED: "version",
        AuditWord.STOCK_TAKEN: "month figure counts",
        AuditWord.BACKUP_MADE: "kind bytes",
        AuditWord.DATABASE_RESTORED: "record_ends deliveries",
    }.items()
}
"""The exact fields of each word. `records` lists what a chunk held: [id, revision] of a notice or an entry,
[notice, entry, level, notice revision, entry revision] of a match found, [notice, entry, why] of one withdrawn. `leads`
counts new notices by the days from their receipt to their earliest harmful day (`none` without one). `detail` is a code
of what a person recorded: who confirmed, how the resident was reached, what was fitted. `counts` are [table, key,
count]."""
