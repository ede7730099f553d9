"""The state machine is our own choice: no source prescribes the states and moves."""

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
    to: CaseState


@dataclass(frozen=True, slots=True)
class Stay:
    pass


@dataclass(frozen=True, slots=True)
class Refuse:
    # `reason` says what to record instead.
    reason: str


Decision = Move | Stay | Refuse

FRESH = frozenset({CaseState.OPEN, CaseState.ACKNOWLEDGED})
WORK = frozenset(
    {CaseState.RESIDENT_CONTACTED, CaseState.VISIT_BOOKED, CaseState.SOLUTION_FITTED, CaseState.TEST_PASSED}
)
SETBACK = frozenset({CaseState.NO_ACCESS, CaseState.RESIDENT_DECLINED, CaseState.TEST_FAILED})
HOLD_ASKED = frozenset({CaseState.HOLD_REQUESTED, CaseState.HOLD_REFUSED})
# The case is open and not safe, and the line has neither moved nor been restricted.
AT_WORK = FRESH | WORK | SETBACK | HOLD_ASKED

# The line has moved, and the test call after the move has not passed yet.
MOVED = frozenset({CaseState.MIGRATED, CaseState.MIGRATED_UNCONFIRMED})

CHECKED = frozenset({CaseState.POST_CHECK_PASSED, CaseState.CLOSED})
NOT_AT_RISK = frozenset({CaseState.FALSE_MATCH, CaseState.SERVICE_ENDED})
# Nothing more is to be done, unless a later event opens the case again.
ENDED = CHECKED | NOT_AT_RISK | {CaseState.NOTICE_WITHDRAWN}

# The line was moved or restricted while the resident was not safe. Every tier gets messages, by day and night. A failed
# test is not urgent, because the line that is still there carries the alarm.
URGENT = frozenset({CaseState.LINE_RESTRICTED, CaseState.MIGRATED_UNCONFIRMED, CaseState.REVERTED})

# In these states no escalation falls due. A request for a hold or an acknowledgement never stops the clock.
CLOCK_STOPPED = ENDED | {CaseState.CONFIRMED_SAFE, CaseState.HOLD_CONFIRMED}

# Events that bring a new danger: earlier pauses and alerts no longer count. `with_news` in `step` says which values of
# the case each event resets.
ALERTS_AT_ONCE = frozenset(
    {
        CaseEvent.NEW_NOTICE,
        CaseEvent.MOVE_DATE_EARLIER,
        CaseEvent.RESTRICT_LINE,
        CaseEvent.MIGRATE_LINE,
        CaseEvent.REVERT_LINE,
        CaseEvent.REVIEW_DUE,
        CaseEvent.END_HOLD,
        CaseEvent.REFUSE_HOLD,
        CaseEvent.MATCH_SURER,
        CaseEvent.CLAIM_LINE,
        CaseEvent.LINE_AT_RISK,
        CaseEvent.VERSIONS_DIFFER,
        CaseEvent.CHANGES_WAIT,
    }
)
