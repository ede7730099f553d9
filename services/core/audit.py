# No field holds a telephone number, an address or a name.

from __future__ import annotations

from enum import StrEnum


class AuditAction(StrEnum):
    # The values are stored, so they must never change.
    SUBMISSION_ACCEPTED = "submission_accepted"
    SUBMISSION_REPEATED = "submission_repeated"
    # No row of it could be taken in. It follows the row that counts the submission.
    SUBMISSION_REFUSED = "submission_refused"
    # A dry run of a file. Nothing of it is stored.
    SUBMISSION_TRIED = "submission_tried"
    REPLACEMENT_REFUSED = "replacement_refused"
    NOTICES_ACCEPTED = "notices_accepted"
    NOTICES_TIMED = "notices_timed"
    NOTICES_STALE = "notices_stale"
    NOTICES_SUPERSEDED = "notices_superseded"
    # The common record of a provider's notices on one area: it has new facts, or no notice is left.
    AREAS_CHANGED = "areas_changed"
    AREAS_ENDED = "areas_ended"
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
    CASE_RULES_CHANGED = "case_rules_changed"
    CASE_PAUSE_SHORTENED = "case_pause_shortened"
    CASE_REFUSED = "case_refused"
    # A person had the telephone numbers on the notices of a case shown.
    NUMBERS_REVEALED = "numbers_revealed"
    ALERT_INTENDED = "alert_intended"
    ATTEMPT_STARTED = "attempt_started"
    DELIVERY_SENT = "delivery_sent"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_IN_DOUBT = "delivery_in_doubt"
    DELIVERY_GIVEN_UP = "delivery_given_up"
    # No case of its alert is open any more, or a newer message contains all of them.
    DELIVERY_NOT_NEEDED = "delivery_not_needed"
    # A message that was sent came back: a bounce, or a receipt that it failed.
    DELIVERY_REFUSED = "delivery_refused"
    # A receipt says that the message arrived.
    DELIVERY_RECEIVED = "delivery_received"
    # Every contact route of the council failed.
    NOBODY_COULD_BE_TOLD = "nobody_could_be_told"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    LINK_REVOKED = "link_revoked"
    # The links in the message to one contact. The links of the other contacts still work.
    CONTACT_LINK_REVOKED = "contact_link_revoked"
    DUPLICATE_SUPPRESSED = "duplicate_suppressed"
    EVENT_QUARANTINED = "event_quarantined"
    QUARANTINE_GIVEN_BACK = "quarantine_given_back"
    QUARANTINE_DROPPED = "quarantine_dropped"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    POLICY_CHANGED = "policy_changed"
    # The verification of a contact's address by a code.
    CONTACT_CODE_SENT = "contact_code_sent"
    CONTACT_CODE_REFUSED = "contact_code_refused"
    CONTACT_VERIFIED = "contact_verified"
    # A person had a test message sent to a contact.
    CONTACT_TESTED = "contact_tested"
    # A council's people were asked to answer a drill, were asked by the next tier, or answered.
    DRILL_STARTED = "drill_started"
    DRILL_PASSED_ON = "drill_passed_on"
    DRILL_ANSWERED = "drill_answered"
    # Nobody of any tier answered in time. The operator is told, and an answer still counts as a late one.
    DRILL_FAILED = "drill_failed"
    # Nobody has answered until its links ended.
    DRILL_ENDED = "drill_ended"
    # Month-end figures of the state at that time. Their rows also mark the month as closed.
    STOCK_TAKEN = "stock_taken"
    BACKUP_MADE = "backup_made"
    DATABASE_RESTORED = "database_restored"


# The exact fields of each action. A row with any other field is rejected.
# `records` of notices and of entries holds pairs [id, revision].
FIELDS: dict[AuditAction, frozenset[str]] = {
    action: frozenset(fields.split())
    for action, fields in {
        AuditAction.SUBMISSION_ACCEPTED: "submission records accepted warned unchanged stale rejected",
        AuditAction.SUBMISSION_REPEATED: "submission",
        AuditAction.SUBMISSION_REFUSED: "submission",
        AuditAction.SUBMISSION_TRIED: "records channel would_withdraw accepted warned unchanged stale rejected",
        AuditAction.REPLACEMENT_REFUSED: "would_withdraw live share",
        AuditAction.NOTICES_ACCEPTED: "submission records",
        # `leads` is the number of new notices by days from receipt to the earliest harmful day. `none` counts notices
        # without such a day.
        AuditAction.NOTICES_TIMED: "submission leads",
        AuditAction.NOTICES_STALE: "submission records",
        AuditAction.NOTICES_SUPERSEDED: "submission records",
        AuditAction.AREAS_CHANGED: "submission records",
        AuditAction.AREAS_ENDED: "submission records",
        AuditAction.ENTRIES_ACCEPTED: "submission records",
        AuditAction.ENTRIES_STALE: "submission records",
        AuditAction.ENTRIES_WITHDRAWN: "submission records",
        # [notice, entry, level, notice revision, entry revision]
        AuditAction.LINES_MATCHED: "records",
        # [notice, entry, reason code]
        AuditAction.LINES_UNMATCHED: "records",
        AuditAction.MATCH_DECIDED: "notice entry decision level",
        AuditAction.CASE_OPENED: "case entry level harm_on providers",
        # `detail` is the code of what a person recorded, such as who confirmed or what was fitted.
        # `paused_until` is the end of the pause that the case has after the event.
        AuditAction.CASE_MOVED: "case event from to harm_on issued_at providers detail paused_until",
        AuditAction.CASE_NOTED: "case event state harm_on issued_at providers detail paused_until",
        AuditAction.CASE_LINES_CHANGED: "case harm_on issued_at providers",
        AuditAction.CASE_RULES_CHANGED: "case before after",
        AuditAction.CASE_PAUSE_SHORTENED: "case paused_until",
        AuditAction.CASE_REFUSED: "case event state",
        AuditAction.NUMBERS_REVEALED: "case notices",
        AuditAction.ALERT_INTENDED: "alert threshold reason cases deliveries",
        AuditAction.ATTEMPT_STARTED: "delivery alert number",
        AuditAction.DELIVERY_SENT: "delivery alert number",
        AuditAction.DELIVERY_FAILED: "delivery alert number reason",
        AuditAction.DELIVERY_IN_DOUBT: "delivery alert number",
        AuditAction.DELIVERY_GIVEN_UP: "delivery alert number reason",
        AuditAction.DELIVERY_NOT_NEEDED: "delivery alert",
        AuditAction.DELIVERY_REFUSED: "delivery alert reason",
        AuditAction.DELIVERY_RECEIVED: "delivery alert",
        AuditAction.NOBODY_COULD_BE_TOLD: "alert cases",
        AuditAction.ALERT_ACKNOWLEDGED: "alert cases",
        AuditAction.LINK_REVOKED: "alert",
        AuditAction.CONTACT_LINK_REVOKED: "alert delivery",
        AuditAction.DUPLICATE_SUPPRESSED: "event consumer",
        AuditAction.EVENT_QUARANTINED: "event consumer topic",
        AuditAction.QUARANTINE_GIVEN_BACK: "event consumer",
        AuditAction.QUARANTINE_DROPPED: "event consumer",
        AuditAction.KEY_CREATED: "key role expires_at",
        AuditAction.KEY_REVOKED: "key",
        AuditAction.POLICY_CHANGED: "version",
        # `contact` is a keyed digest.
        AuditAction.CONTACT_CODE_SENT: "contact",
        AuditAction.CONTACT_CODE_REFUSED: "contact",
        AuditAction.CONTACT_VERIFIED: "contact",
        AuditAction.CONTACT_TESTED: "contact",
        # `month` is null if a person started the drill. `level` counts the tiers that were asked.
        AuditAction.DRILL_STARTED: "drill month level deliveries",
        AuditAction.DRILL_PASSED_ON: "drill level deliveries",
        AuditAction.DRILL_ANSWERED: "drill month way in_time",
        AuditAction.DRILL_FAILED: "drill",
        AuditAction.DRILL_ENDED: "drill month",
        # `counts` holds rows [table, key, count].
        AuditAction.STOCK_TAKEN: "month figure counts",
        AuditAction.BACKUP_MADE: "kind bytes",
        AuditAction.DATABASE_RESTORED: "record_ends deliveries",
    }.items()
}
