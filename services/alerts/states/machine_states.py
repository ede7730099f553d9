"""The words of a case: its states, what can happen to it, and how a pair of both is decided.

The values are stored and appear in the audit log: a value, once used, keeps its meaning.
The whole machine is policy of the deployment: no source prescribes it.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

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


class Event(StrEnum):
    """What can happen to a case: a person's act, a fact about the line or the notice, or a time that has come."""

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
    VERSIONS_DIFFER = "versions_differ"
    CORRECT_CLOCK = "correct_clock"
    MOVE_DATE_EARLIER = "move_date_earlier"
    MOVE_DATE_LATER = "move_date_later"


@dataclass(frozen=True, slots=True)
class Move:
    """Allowed: the case goes to another state."""

    to: State


@dataclass(frozen=True, slots=True)
class Stay:
    """Allowed and recorded: the state does not change."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Not allowed: `reason` tells a person why, and what to record instead."""

    reason: str


Decision = Move | Stay | Refuse

FRESH = frozenset({State.OPEN, State.ACKNOWLEDGED})
WORK = frozenset({State.RESIDENT_CONTACTED, State.VISIT_BOOKED, State.SOLUTION_FITTED, State.TEST_PASSED})
SETBACK = frozenset({State.NO_ACCESS, State.RESIDENT_DECLINED, State.TEST_FAILED})
HOLD_ASKED = frozenset({State.HOLD_REQUESTED, State.HOLD_REFUSED})
AT_WORK = FRESH | WORK | SETBACK | HOLD_ASKED
"""Open, not safe, and the line has neither moved nor been restricted."""

MOVED = frozenset({State.MIGRATED, State.MIGRATED_UNCONFIRMED})
"""The line has moved and its test after the move is still owed."""

CHECKED = frozenset({State.POST_CHECK_PASSED, State.CLOSED})
NOT_AT_RISK = frozenset({State.FALSE_MATCH, State.SERVICE_ENDED})
ENDED = CHECKED | NOT_AT_RISK | {State.NOTICE_WITHDRAWN}
"""Nothing more is owed, unless a later event opens the case again."""

URGENT = frozenset({State.LINE_RESTRICTED, State.MIGRATED_UNCONFIRMED, State.REVERTED})
"""The line has been touched while the resident was not safe: paged by day and night, to every tier.

A test that failed is not urgent: the line that is still there carries the alarm."""

CLOCK_STOPPED = ENDED | {State.CONFIRMED_SAFE, State.HOLD_CONFIRMED}
"""No escalation falls due. A request for a hold or an acknowledgement never stops the clock."""

ALERTS_AT_ONCE = frozenset(
    {
        Event.NEW_NOTICE,
        Event.MOVE_DATE_EARLIER,
        Event.RESTRICT_LINE,
        Event.MIGRATE_LINE,
        Event.REVERT_LINE,
        Event.REVIEW_DUE,
        Event.END_HOLD,
        Event.MATCH_SURER,
        Event.CLAIM_LINE,
        Event.LINE_AT_RISK,
        Event.VERSIONS_DIFFER,
        Event.CORRECT_CLOCK,
    }
)
"""Events that bring a new danger: a pause, and the alerts sent before, no longer count.

Each of them adds one to `Case.facts`. On a case whose clock runs, `apply` in `step` also sets `paused_until`,
`last_alert_at`, `last_threshold` and `tried_at` to None and `opened_at` to the time of the event.
"""
