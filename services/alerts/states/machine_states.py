"""The groups of states that rules speak of, and how a pair of state and event is decided.

The whole machine is policy of the deployment: no source prescribes it.
"""

from dataclasses import dataclass

from schemas.codes import CaseEvent, CaseState

__all__ = [
    "ALERTS_AT_ONCE",
    "AT_WORK",
    "CHECKED",
    "CLOCK_STOPPED",
    "ENDED",
    "FRESH",
    "HOLD_ASKED",
    "MOVED",
    "NOT_AT_RISK",
    "SETBACK",
    "URGENT",
    "WORK",
    "Decision",
    "Move",
    "Refuse",
    "Stay",
]


@dataclass(frozen=True, slots=True)
class Move:
    """Allowed: the case goes to another state."""

    to: CaseState


@dataclass(frozen=True, slots=True)
class Stay:
    """Allowed and recorded: the state does not change."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Not allowed: `reason` tells a person why, and what to record instead."""

    reason: str


Decision = Move | Stay | Refuse

FRESH = frozenset({CaseState.OPEN, CaseState.ACKNOWLEDGED})
WORK = frozenset(
    {CaseState.RESIDENT_CONTACTED, CaseState.VISIT_BOOKED, CaseState.SOLUTION_FITTED, CaseState.TEST_PASSED}
)
SETBACK = frozenset({CaseState.NO_ACCESS, CaseState.RESIDENT_DECLINED, CaseState.TEST_FAILED})
HOLD_ASKED = frozenset({CaseState.HOLD_REQUESTED, CaseState.HOLD_REFUSED})
# Open, not safe, and the line has neither moved nor been restricted.
AT_WORK = FRESH | WORK | SETBACK | HOLD_ASKED

# The line has moved and its test after the move is still owed.
MOVED = frozenset({CaseState.MIGRATED, CaseState.MIGRATED_UNCONFIRMED})

CHECKED = frozenset({CaseState.POST_CHECK_PASSED, CaseState.CLOSED})
NOT_AT_RISK = frozenset({CaseState.FALSE_MATCH, CaseState.SERVICE_ENDED})
# Nothing more is owed, unless a later event opens the case again.
ENDED = CHECKED | NOT_AT_RISK | {CaseState.NOTICE_WITHDRAWN}

# The line has been touched while the resident was not safe: paged by day and night, to every tier.
# A test that failed is not urgent: the line that is still there carries the alarm.
URGENT = frozenset({CaseState.LINE_RESTRICTED, CaseState.MIGRATED_UNCONFIRMED, CaseState.REVERTED})

# No escalation falls due. A request for a hold or an acknowledgement never stops the clock.
CLOCK_STOPPED = ENDED | {CaseState.CONFIRMED_SAFE, CaseState.HOLD_CONFIRMED}

# Events that bring a new danger: a pause, and the alerts sent before, no longer count.
# Each of them adds one to `Case.facts`. On a case whose clock runs, `apply` in `step` also sets `paused_until`,
# `last_alert_at`, `last_threshold` and `tried_at` to None and `opened_at` to the time of the event.
ALERTS_AT_ONCE = frozenset(
    {
        CaseEvent.NEW_NOTICE,
        CaseEvent.MOVE_DATE_EARLIER,
        CaseEvent.RESTRICT_LINE,
        CaseEvent.MIGRATE_LINE,
        CaseEvent.REVERT_LINE,
        CaseEvent.REVIEW_DUE,
        CaseEvent.END_HOLD,
        CaseEvent.MATCH_SURER,
        CaseEvent.CLAIM_LINE,
        CaseEvent.LINE_AT_RISK,
        CaseEvent.VERSIONS_DIFFER,
        CaseEvent.CORRECT_CLOCK,
    }
)
