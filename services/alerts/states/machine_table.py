"""The table has a decision for every event in every state."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.codes import CaseEvent, CaseState
from services.alerts.states.machine_states import (
    AT_WORK,
    CHECKED,
    ENDED,
    FRESH,
    HOLD_ASKED,
    MOVED,
    NOT_AT_RISK,
    SETBACK,
    WORK,
    Decision,
    Move,
    Refuse,
    Stay,
)

States = frozenset[CaseState]
S = CaseState

EVERY = frozenset(CaseState)
SAFE = frozenset({S.CONFIRMED_SAFE})
HELD = frozenset({S.HOLD_CONFIRMED})
RESTRICTED = frozenset({S.LINE_RESTRICTED})
REVERTED = frozenset({S.REVERTED})
WITHDRAWN = frozenset({S.NOTICE_WITHDRAWN})
NOT_MOVED = AT_WORK | SAFE | HELD | RESTRICTED | REVERTED

HAS_ENDED = "The case has ended. Nothing can be recorded on it until a new notice opens it again."
CANNOT_HOLD = "The line has moved, so there is nothing left to hold. Ask the provider to put it back."
NOT_MOVED_YET = "The line has not moved. Record the test call as a test before the move."
OWES_CHECK = "The line has moved. The case can be closed when a test call after the move has reached the centre."
OWES_MOVE = "The line has not moved. The case can be closed when it has, and a test call after the move has passed."
OWES_SAFETY = "The resident is not known to be safe. Record the confirmation, or why the case ends, instead."


def to(state: CaseState, sources: States) -> tuple[Decision, States]:
    # The target state itself is left out. Another part of the row must decide it.
    return Move(state), sources - {state}


def stays(sources: States) -> tuple[Decision, States]:
    return Stay(), sources


def refused(reason: str, sources: States) -> tuple[Decision, States]:
    return Refuse(reason), sources


def event_row(*parts: tuple[Decision, States]) -> Mapping[CaseState, Decision]:
    decided = {state: decision for decision, sources in parts for state in sources}
    if len(decided) != len(CaseState) or sum(len(sources) for _, sources in parts) != len(CaseState):
        # The rows are made at import, so a wrong row stops the import.
        raise ValueError("a row of the case table must decide every state exactly once")
    return MappingProxyType({state: decided[state] for state in CaseState})


def work_row(target: CaseState, sources: States) -> Mapping[CaseState, Decision]:
    sources -= {target}
    return event_row(to(target, sources), stays(EVERY - ENDED - sources), refused(HAS_ENDED, ENDED))


_BY_PEOPLE: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    # An acknowledgement only pauses messages. It is allowed in every state, so that a click in an old message is no
    # error.
    CaseEvent.ACKNOWLEDGE: event_row(to(S.ACKNOWLEDGED, frozenset({S.OPEN})), stays(EVERY - {S.OPEN})),
    CaseEvent.CONTACT_RESIDENT: work_row(S.RESIDENT_CONTACTED, FRESH | {S.NO_ACCESS, S.RESIDENT_DECLINED}),
    # A line that was put back on copper needs a visit, so a booked visit moves the case on.
    CaseEvent.BOOK_VISIT: work_row(S.VISIT_BOOKED, FRESH | SETBACK | HOLD_ASKED | REVERTED | {S.RESIDENT_CONTACTED}),
    # A new solution is not tested or confirmed yet, even if the solution before it was.
    CaseEvent.FIT_SOLUTION: work_row(S.SOLUTION_FITTED, AT_WORK | SAFE | REVERTED),
    # A test call that reached the centre proves that the alarm works, even if the line is restricted.
    CaseEvent.PASS_TEST: work_row(S.TEST_PASSED, AT_WORK | RESTRICTED | REVERTED),
    # If the line has moved, a failed test shows that the alarm does not work, whatever was confirmed before.
    CaseEvent.FAIL_TEST: event_row(
        to(S.TEST_FAILED, (AT_WORK | SAFE) - {S.TEST_FAILED}),
        to(S.MIGRATED_UNCONFIRMED, frozenset({S.MIGRATED}) | CHECKED),
        stays(HELD | RESTRICTED | REVERTED | {S.TEST_FAILED, S.MIGRATED_UNCONFIRMED}),
        refused(HAS_ENDED, NOT_AT_RISK | WITHDRAWN),
    ),
    # If the line moved before the confirmation, the test call after the move is still needed.
    CaseEvent.CONFIRM_SAFE: event_row(
        to(S.CONFIRMED_SAFE, NOT_MOVED - SAFE),
        to(S.MIGRATED, frozenset({S.MIGRATED_UNCONFIRMED})),
        stays(SAFE | {S.MIGRATED}),
        refused(HAS_ENDED, ENDED),
    ),
    CaseEvent.FIND_NO_ACCESS: work_row(
        S.NO_ACCESS, FRESH | {S.RESIDENT_CONTACTED, S.VISIT_BOOKED, S.RESIDENT_DECLINED, S.TEST_FAILED}
    ),
    CaseEvent.DECLINE: work_row(S.RESIDENT_DECLINED, FRESH | WORK | SETBACK | SAFE),
    CaseEvent.REQUEST_HOLD: work_row(S.HOLD_REQUESTED, FRESH | WORK | SETBACK | {S.HOLD_REFUSED}),
    # A hold keeps the line from moving, but does not bring a barred line back. Only a test call shows that it works.
    CaseEvent.CONFIRM_HOLD: event_row(
        to(S.HOLD_CONFIRMED, AT_WORK | REVERTED),
        stays(SAFE | HELD | RESTRICTED),
        refused(CANNOT_HOLD, MOVED),
        refused(HAS_ENDED, ENDED),
    ),
    CaseEvent.REFUSE_HOLD: work_row(S.HOLD_REFUSED, AT_WORK | HELD),
    CaseEvent.PASS_POST_CHECK: event_row(
        to(S.POST_CHECK_PASSED, MOVED),
        stays(CHECKED),
        refused(NOT_MOVED_YET, NOT_MOVED),
        refused(HAS_ENDED, NOT_AT_RISK | WITHDRAWN),
    ),
    CaseEvent.CLOSE: event_row(
        to(S.CLOSED, frozenset({S.POST_CHECK_PASSED})),
        stays(frozenset({S.CLOSED})),
        refused(OWES_CHECK, MOVED),
        refused(OWES_MOVE, SAFE),
        refused(OWES_SAFETY, NOT_MOVED - SAFE),
        refused(HAS_ENDED, NOT_AT_RISK | WITHDRAWN),
    ),
    CaseEvent.REJECT_MATCH: event_row(
        to(S.FALSE_MATCH, EVERY - ENDED),
        stays(frozenset({S.FALSE_MATCH})),
        refused(HAS_ENDED, ENDED - {S.FALSE_MATCH}),
    ),
}

_BY_PEOPLE |= {
    # The record is kept in the memory of the line. The lines that are still at risk then decide the state.
    CaseEvent.PORT_LINE: event_row(stays(EVERY - ENDED), refused(HAS_ENDED, ENDED)),
    CaseEvent.SETTLE_VERSIONS: event_row(stays(EVERY - ENDED), refused(HAS_ENDED, ENDED)),
    # The current facts of the feeds then decide the state.
    CaseEvent.ACCEPT_CHANGES: event_row(stays(EVERY - ENDED), refused(HAS_ENDED, ENDED)),
}

_BY_THE_LINE: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    # A restriction is a danger, even if the line was held or the notice was withdrawn.
    CaseEvent.RESTRICT_LINE: event_row(
        to(S.LINE_RESTRICTED, AT_WORK | HELD | REVERTED | WITHDRAWN),
        stays(SAFE | RESTRICTED | MOVED | CHECKED | NOT_AT_RISK),
    ),
    CaseEvent.MIGRATE_LINE: event_row(
        # If a test call has passed, a move that is reported later needs another test call.
        to(S.MIGRATED, SAFE | CHECKED),
        to(S.MIGRATED_UNCONFIRMED, AT_WORK | HELD | RESTRICTED | REVERTED | WITHDRAWN),
        stays(MOVED | NOT_AT_RISK),
    ),
    # A provider reports a move of which it gave no notice. This moves no line of another provider, but a person must
    # look.
    CaseEvent.CLAIM_LINE: event_row(
        to(S.OPEN, SAFE | HELD | {S.ACKNOWLEDGED}),
        stays(EVERY - SAFE - HELD - {S.ACKNOWLEDGED}),
    ),
    CaseEvent.REVERT_LINE: event_row(to(S.REVERTED, EVERY - REVERTED - NOT_AT_RISK), stays(REVERTED | NOT_AT_RISK)),
}

_BY_THE_RECORDS: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    CaseEvent.END_SERVICE: event_row(to(S.SERVICE_ENDED, EVERY - ENDED | WITHDRAWN), stays(CHECKED | NOT_AT_RISK)),
    # A withdrawal is too late for a line that has moved: the test call after the move is still needed.
    CaseEvent.WITHDRAW_NOTICE: event_row(to(S.NOTICE_WITHDRAWN, NOT_MOVED), stays(MOVED | ENDED)),
    # A hold covers only an earlier notice. A confirmed solution works under any notice.
    CaseEvent.NEW_NOTICE: event_row(to(S.OPEN, ENDED | HELD), stays(EVERY - ENDED - HELD)),
    # The end of a case, or a hold on one line, says nothing about another line.
    CaseEvent.LINE_AT_RISK: event_row(to(S.OPEN, ENDED | HELD), stays(EVERY - ENDED - HELD)),
    # An acknowledgement covers only what was known at that time.
    CaseEvent.MATCH_SURER: event_row(to(S.OPEN, frozenset({S.ACKNOWLEDGED})), stays(EVERY - {S.ACKNOWLEDGED})),
    CaseEvent.VERSIONS_DIFFER: event_row(to(S.OPEN, frozenset({S.ACKNOWLEDGED})), stays(EVERY - {S.ACKNOWLEDGED})),
    # A new date revives a withdrawn notice. It does not open a case that ended for another reason, such as a rejected
    # match: that needs a new notice.
    CaseEvent.MOVE_DATE_EARLIER: event_row(
        to(S.OPEN, HELD | WITHDRAWN | {S.ACKNOWLEDGED}),
        stays(EVERY - HELD - WITHDRAWN - {S.ACKNOWLEDGED}),
    ),
    CaseEvent.MOVE_DATE_LATER: event_row(to(S.OPEN, HELD | WITHDRAWN), stays(EVERY - HELD - WITHDRAWN)),
}

_BY_TIME: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    # A change of a feed waits for a person. The event is repeated each working day, so that somebody decides.
    CaseEvent.CHANGES_WAIT: event_row(to(S.OPEN, frozenset({S.ACKNOWLEDGED})), stays(EVERY - {S.ACKNOWLEDGED})),
    CaseEvent.ACKNOWLEDGEMENT_LAPSED: event_row(
        to(S.OPEN, frozenset({S.ACKNOWLEDGED})), stays(EVERY - {S.ACKNOWLEDGED})
    ),
    CaseEvent.END_HOLD: event_row(to(S.OPEN, HELD), stays(EVERY - HELD)),
    # A converter must be tested again and an exchange-based line reviewed again, even long after the move.
    CaseEvent.REVIEW_DUE: event_row(to(S.OPEN, SAFE | CHECKED), stays(EVERY - SAFE - CHECKED)),
    # `clock_correction` puts back the state from before the clock was wrong, and decides whether that is news. The
    # table only records the event.
    CaseEvent.CORRECT_CLOCK: event_row(stays(EVERY)),
}

# The decision about every event in every state.
TABLE: Mapping[CaseEvent, Mapping[CaseState, Decision]] = MappingProxyType(
    _BY_PEOPLE | _BY_THE_LINE | _BY_THE_RECORDS | _BY_TIME
)
