"""Codes in notices, register entries and events. The codes are also stored, so never change a value."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """The subject of a notice: one line, or an area."""

    LINE = "line"
    POSTCODE = "postcode"
    EXCHANGE = "exchange"


class MigrationKind(StrEnum):
    """The party that chose the migration: the customer or the provider (PSTN charter, technical note 1)."""

    VOLUNTARY = "voluntary"
    NON_VOLUNTARY = "non_voluntary"
    UNKNOWN = "unknown"


class TargetService(StrEnum):
    """The service that replaces the line.

    `pdpl` and `evac` are interim services from the telephone exchange. `cease` means that nothing replaces the line.
    """

    VOIP = "voip"
    # Pre-Digital Phone Line: keeps an analogue handset working until the exchange closes.
    PDPL = "pdpl"
    EVAC = "evac"
    CEASE = "cease"
    UNKNOWN = "unknown"


class NoticeStatus(StrEnum):
    """The progress of a migration, as the provider reports it."""

    PLANNED = "planned"
    RESCHEDULED = "rescheduled"
    # Stopped for now; a new date may follow.
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    # The line was moved back after a migration.
    REVERTED = "reverted"


# Statuses that report what was done to a line, not what is planned.
REPORTED = frozenset({NoticeStatus.COMPLETED, NoticeStatus.REVERTED})

# Statuses by what they mean for an alarm on the line, most dangerous first (our own choice).
DANGEROUS_FIRST = (
    NoticeStatus.COMPLETED,
    NoticeStatus.REVERTED,
    NoticeStatus.PLANNED,
    NoticeStatus.RESCHEDULED,
    NoticeStatus.PAUSED,
    NoticeStatus.WITHDRAWN,
)


class RestrictionKind(StrEnum):
    """The kind of restriction that a provider puts on a line before the migration."""

    OUTGOING_BARRED = "outgoing_barred"
    OUTGOING_DIVERTED = "outgoing_diverted"
    INCOMING_BARRED = "incoming_barred"
    OTHER = "other"


class ServiceStatus(StrEnum):
    """The state of the telecare service."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Connection(StrEnum):
    """The connection that the alarm uses for its calls."""

    ANALOGUE_LINE = "analogue_line"
    ROUTER = "router"
    # An adapter between an analogue alarm and a digital line.
    CONVERTER = "converter"
    SIM = "sim"
    IP = "ip"
    UNKNOWN = "unknown"


class MatchLevel(StrEnum):
    """The certainty that a notice is about an alarm's line."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        # Higher is surer. Text values do not sort by certainty.
        return _RANK[self]


_RANK = {MatchLevel.POSSIBLE: 1, MatchLevel.PROBABLE: 2, MatchLevel.CONFIRMED: 3}


class MatchDecision(StrEnum):
    """A person's decision on a match."""

    # No person has judged the match yet.
    UNDECIDED = "undecided"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class MatchReason(StrEnum):
    # The values are stored.
    SAME_TELEPHONE_NUMBER = "same_telephone_number"
    SAME_UPRN = "same_uprn"
    SAME_ADDRESS = "same_address"
    NEAR_ADDRESS = "near_address"
    SAME_POSTCODE = "same_postcode"  # one of the two has nothing more exact
    AREA_COVERS_ADDRESS = "area_covers_address"
    ADDRESSES_DIFFER = "addresses_differ"
    NUMBERS_DIFFER = "telephone_numbers_differ"
    UPRNS_DIFFER = "uprns_differ"
    POSTCODES_DIFFER = "postcodes_differ"


class CaseState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESIDENT_CONTACTED = "resident_contacted"
    VISIT_BOOKED = "visit_booked"
    SOLUTION_FITTED = "solution_fitted"
    TEST_PASSED = "test_passed"
    CONFIRMED_SAFE = "confirmed_safe"
    MIGRATED = "migrated"
    POST_CHECK_PASSED = "post_check_passed"
    CLOSED = "closed"

    NO_ACCESS = "no_access"
    RESIDENT_DECLINED = "resident_declined"
    TEST_FAILED = "test_failed"
    HOLD_REQUESTED = "hold_requested"
    HOLD_CONFIRMED = "hold_confirmed"
    HOLD_REFUSED = "hold_refused"

    LINE_RESTRICTED = "line_restricted"
    MIGRATED_UNCONFIRMED = "migrated_unconfirmed"
    REVERTED = "reverted"

    FALSE_MATCH = "false_match"
    SERVICE_ENDED = "service_ended"
    NOTICE_WITHDRAWN = "notice_withdrawn"


class CaseEvent(StrEnum):
    """Something that happens to a case, such as an act of a person."""

    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGEMENT_LAPSED = "acknowledgement_lapsed"
    CONTACT_RESIDENT = "contact_resident"
    BOOK_VISIT = "book_visit"
    FIT_SOLUTION = "fit_solution"
    PASS_TEST = "pass_test"  # noqa: S105 - a test call, not a password
    FAIL_TEST = "fail_test"
    CONFIRM_SAFE = "confirm_safe"
    FIND_NO_ACCESS = "find_no_access"
    DECLINE = "decline"
    REQUEST_HOLD = "request_hold"
    CONFIRM_HOLD = "confirm_hold"
    REFUSE_HOLD = "refuse_hold"
    END_HOLD = "end_hold"
    REVIEW_DUE = "review_due"
    RESTRICT_LINE = "restrict_line"
    MIGRATE_LINE = "migrate_line"
    REVERT_LINE = "revert_line"
    PASS_POST_CHECK = "pass_post_check"  # noqa: S105 - likewise
    CLOSE = "close"
    REJECT_MATCH = "reject_match"
    END_SERVICE = "end_service"
    WITHDRAW_NOTICE = "withdraw_notice"
    NEW_NOTICE = "new_notice"
    MATCH_SURER = "match_surer"
    CLAIM_LINE = "claim_line"
    LINE_AT_RISK = "line_at_risk"
    PORT_LINE = "port_line"
    SETTLE_VERSIONS = "settle_versions"
    ACCEPT_CHANGES = "accept_changes"
    VERSIONS_DIFFER = "versions_differ"
    CHANGES_WAIT = "changes_wait"
    CORRECT_CLOCK = "correct_clock"
    MOVE_DATE_EARLIER = "move_date_earlier"
    MOVE_DATE_LATER = "move_date_later"


# The events by which a named person acts on a case.
DONE_BY_PERSON = frozenset(
    {
        CaseEvent.ACKNOWLEDGE,
        CaseEvent.CONTACT_RESIDENT,
        CaseEvent.BOOK_VISIT,
        CaseEvent.FIT_SOLUTION,
        CaseEvent.PASS_TEST,
        CaseEvent.FAIL_TEST,
        CaseEvent.CONFIRM_SAFE,
        CaseEvent.FIND_NO_ACCESS,
        CaseEvent.DECLINE,
        CaseEvent.REQUEST_HOLD,
        CaseEvent.CONFIRM_HOLD,
        CaseEvent.REFUSE_HOLD,
        CaseEvent.PASS_POST_CHECK,
        CaseEvent.CLOSE,
        CaseEvent.REJECT_MATCH,
        CaseEvent.PORT_LINE,
        CaseEvent.SETTLE_VERSIONS,
        CaseEvent.ACCEPT_CHANGES,
    }
)

# The events that are about some of a case's lines. Their audit rows name only the providers of those lines.
ABOUT_SOME_LINES = frozenset(
    {
        CaseEvent.RESTRICT_LINE,
        CaseEvent.MIGRATE_LINE,
        CaseEvent.CLAIM_LINE,
        CaseEvent.REVERT_LINE,
        CaseEvent.VERSIONS_DIFFER,
        CaseEvent.PASS_POST_CHECK,
    }
)
