"""The groups of states that rules speak of, and how a pair of state and event is decided.

The whole machine is policy of the deployment: no source prescribes it.
"""

from dataclasses import dataclass

from schemas.codes import CaseEvent as Event
from schemas.codes import CaseState as State

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
    "Event",
    "Move",
    "Refuse",
    "State",
    "Stay",
]


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
# Open, not safe, and the line has neither moved nor been restricted.
AT_WORK = FRESH | WORK | SETBACK | HOLD_ASKED

# The line has moved and its test after the move is still owed.
MOVED = frozenset({State.MIGRATED, State.MIGRATED_UNCONFIRMED})

CHECKED = frozenset({State.POST_CHECK_PASSED, State.CLOSED})
NOT_AT_RISK = frozenset({State.FALSE_MATCH, State.SERVICE_ENDED})
# Nothing more is owed, unless a later event opens the case again.
ENDED = CHECKED | NOT_AT_RISK | {State.NOTICE_WITHDRAWN}

# The line has been touched while the resident was not safe: paged by day and night, to every tier.
# A test that failed is not urgent: the line that is still there carries the alarm.
URGENT = frozenset({State.LINE_RESTRICTED, State.MIGRATED_UNCONFIRMED, State.REVERTED})

# No escalation falls due. A request for a hold or an acknowledgement never stops the clock.
CLOCK_STOPPED = ENDED | {State.CONFIRMED_SAFE, State.HOLD_CONFIRMED}

# Events that bring a new danger: a pause, and the alerts sent before, no longer count.
# Each of them adds one to `Case.facts`. On a case whose clock runs, `apply` in `step` also sets `paused_until`,
# `last_alert_at`, `last_threshold` and `tried_at` to None and `opened_at` to the time of the event.
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
