"""The one table of the case: a row an event, and in a row every state is decided.

`->` moves the case, `stays` is allowed and recorded, `refused` says why. Policy of the deployment.
A row that leaves a state out, or decides one twice, fails when the module is imported.
"""

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
    # Where it is there already, it stays: a row then decides that state elsewhere.
    return Move(state), sources - {state}


def stays(sources: States) -> tuple[Decision, States]:
    return Stay(), sources


def refused(reason: str, sources: States) -> tuple[Decision, States]:
    return Refuse(reason), sources


def event_row(*parts: tuple[Decision, States]) -> Mapping[CaseState, Decision]:
    """Return one event's decisions by state.

    Raises ValueError when a state is decided twice or not at all.
    """
    decided = {state: decision for decision, sources in parts for state in sources}
    if len(decided) != len(CaseState) or sum(len(sources) for _, sources in parts) != len(CaseState):
        raise ValueError("a row of the case table must decide every state exactly once")
    return MappingProxyType({state: decided[state] for state in CaseState})


def work_row(target: CaseState, sources: States) -> Mapping[CaseState, Decision]:
    sources -= {target}
    return event_row(to(target, sources), stays(EVERY - ENDED - sources), refused(HAS_ENDED, ENDED))


_BY_PEOPLE: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    # It pauses the paging, nothing else; the click of someone who opens an old message is never an error.
    CaseEvent.ACKNOWLEDGE: event_row(to(S.ACKNOWLEDGED, frozenset({S.OPEN})), stays(EVERY - {S.OPEN})),
    CaseEvent.CONTACT_RESIDENT: work_row(S.RESIDENT_CONTACTED, FRESH | {S.NO_ACCESS, S.RESIDENT_DECLINED}),
    # A line put back on copper asks for a visit: booking it is the way on.
    CaseEvent.BOOK_VISIT: work_row(S.VISIT_BOOKED, FRESH | SETBACK | HOLD_ASKED | REVERTED | {S.RESIDENT_CONTACTED}),
    # What was tested or confirmed was the solution before this one.
    CaseEvent.FIT_SOLUTION: work_row(S.SOLUTION_FITTED, AT_WORK | SAFE | REVERTED),
    # A call that reached the centre proves that the alarm works in spite of a restriction.
    CaseEvent.PASS_TEST: work_row(S.TEST_PASSED, AT_WORK | RESTRICTED | REVERTED),
    # On a line that has moved, the alarm is known to be dead, whatever was confirmed before.
    CaseEvent.FAIL_TEST: event_row(
        to(S.TEST_FAILED, (AT_WORK | SAFE) - {S.TEST_FAILED}),
        to(S.MIGRATED_UNCONFIRMED, frozenset({S.MIGRATED}) | CHECKED),
        stays(HELD | RESTRICTED | REVERTED | {S.TEST_FAILED, S.MIGRATED_UNCONFIRMED}),
        refused(HAS_ENDED, NOT_AT_RISK | WITHDRAWN),
    ),
    # That the line moved before the confirmation must not be forgotten: the test after the move is still owed.
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
    # A hold keeps the line from moving; it does not bring a barred line back. A test call does.
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
    # What the person says of a line or of a notice is kept beside the case; what is left decides its state.
    CaseEvent.PORT_LINE: event_row(stays(EVERY - ENDED), refused(HAS_ENDED, ENDED)),
    CaseEvent.SETTLE_VERSIONS: event_row(stays(EVERY - ENDED), refused(HAS_ENDED, ENDED)),
}

_BY_THE_LINE: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    # A provider that bars a held line, or one whose notice it withdrew, has put the resident in danger all the same.
    CaseEvent.RESTRICT_LINE: event_row(
        to(S.LINE_RESTRICTED, AT_WORK | HELD | REVERTED | WITHDRAWN),
        stays(SAFE | RESTRICTED | MOVED | CHECKED | NOT_AT_RISK),
    ),
    CaseEvent.MIGRATE_LINE: event_row(
        # After a test call that passed, a move reported since owes another one.
        to(S.MIGRATED, SAFE | CHECKED),
        to(S.MIGRATED_UNCONFIRMED, AT_WORK | HELD | RESTRICTED | REVERTED | WITHDRAWN),
        stays(MOVED | NOT_AT_RISK),
    ),
    # One provider's word on a line of which it gave no notice moves no other provider's line. Somebody must look.
    CaseEvent.CLAIM_LINE: event_row(
        to(S.OPEN, SAFE | HELD | {S.ACKNOWLEDGED}),
        stays(EVERY - SAFE - HELD - {S.ACKNOWLEDGED}),
    ),
    CaseEvent.REVERT_LINE: event_row(to(S.REVERTED, EVERY - REVERTED - NOT_AT_RISK), stays(REVERTED | NOT_AT_RISK)),
}

_BY_THE_RECORDS: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    CaseEvent.END_SERVICE: event_row(to(S.SERVICE_ENDED, EVERY - ENDED | WITHDRAWN), stays(CHECKED | NOT_AT_RISK)),
    # A withdrawal comes too late for a line that has moved: its test is still owed.
    CaseEvent.WITHDRAW_NOTICE: event_row(to(S.NOTICE_WITHDRAWN, NOT_MOVED), stays(MOVED | ENDED)),
    # A hold answered another notice; a confirmed solution works under any.
    CaseEvent.NEW_NOTICE: event_row(to(S.OPEN, ENDED | HELD), stays(EVERY - ENDED - HELD)),
    # What ends a case, or holds one line of it, says nothing of another line.
    CaseEvent.LINE_AT_RISK: event_row(to(S.OPEN, ENDED | HELD), stays(EVERY - ENDED - HELD)),
    # An acknowledgement answered what was known; this was not.
    CaseEvent.MATCH_SURER: event_row(to(S.OPEN, frozenset({S.ACKNOWLEDGED})), stays(EVERY - {S.ACKNOWLEDGED})),
    CaseEvent.VERSIONS_DIFFER: event_row(to(S.OPEN, frozenset({S.ACKNOWLEDGED})), stays(EVERY - {S.ACKNOWLEDGED})),
    # A new date brings a withdrawn notice back to life. It says nothing new about a line already moved and
    # checked, a match a person rejected, or a service that ended: those wait for a new notice.
    CaseEvent.MOVE_DATE_EARLIER: event_row(
        to(S.OPEN, HELD | WITHDRAWN | {S.ACKNOWLEDGED}),
        stays(EVERY - HELD - WITHDRAWN - {S.ACKNOWLEDGED}),
    ),
    CaseEvent.MOVE_DATE_LATER: event_row(to(S.OPEN, HELD | WITHDRAWN), stays(EVERY - HELD - WITHDRAWN)),
}

_BY_TIME: dict[CaseEvent, Mapping[CaseState, Decision]] = {
    CaseEvent.ACKNOWLEDGEMENT_LAPSED: event_row(
        to(S.OPEN, frozenset({S.ACKNOWLEDGED})), stays(EVERY - {S.ACKNOWLEDGED})
    ),
    CaseEvent.END_HOLD: event_row(to(S.OPEN, HELD), stays(EVERY - HELD)),
    # A converter must be tested again, an exchange-based line looked at again, also long after the move.
    CaseEvent.REVIEW_DUE: event_row(to(S.OPEN, SAFE | CHECKED), stays(EVERY - SAFE - CHECKED)),
    # The state it had before the wrong clock changed it is put back beside this table.
    CaseEvent.CORRECT_CLOCK: event_row(stays(EVERY)),
}

# Every event with its decision in every state.
TABLE: Mapping[CaseEvent, Mapping[CaseState, Decision]] = MappingProxyType(
    _BY_PEOPLE | _BY_THE_LINE | _BY_THE_RECORDS | _BY_TIME
)
