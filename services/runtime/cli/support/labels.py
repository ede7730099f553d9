from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas.codes import CaseEvent, MatchReason
from services.alerts.message.wording import case_state
from services.core.audit import AuditAction
from services.matcher.addresses import AddressReason

# Why a notice and an entry were matched.
REASONS: Final[Mapping[str, str]] = {
    MatchReason.SAME_TELEPHONE_NUMBER: "same telephone number",
    MatchReason.SAME_UPRN: "same property number (UPRN)",
    MatchReason.SAME_ADDRESS: "same address",
    MatchReason.NEAR_ADDRESS: "a near address",
    MatchReason.SAME_POSTCODE: "same postcode, and nothing else to compare",
    MatchReason.AREA_COVERS_ADDRESS: "an area notice covers the address",
    MatchReason.ADDRESSES_DIFFER: "but the addresses differ",
    MatchReason.NUMBERS_DIFFER: "but the telephone numbers differ",
    MatchReason.UPRNS_DIFFER: "but the UPRNs differ",
    MatchReason.POSTCODES_DIFFER: "but the postcodes differ",
    AddressReason.SUB_UNITS_AGREE: "the flats agree",
    AddressReason.SUB_UNITS_CLASH: "the flats differ",
    AddressReason.SUB_UNIT_MISSING: "one of them names no flat",
    AddressReason.SUB_UNITS_ALIKE: "the flats are perhaps the same",
    AddressReason.SUB_UNITS_NAMED_OTHERWISE: "the flats are named in different ways",
    AddressReason.NUMBERS_AGREE: "the house numbers agree",
    AddressReason.NUMBERS_CLASH: "the house numbers differ",
    AddressReason.NUMBER_MISSING: "one of them has no house number",
    AddressReason.NUMBER_IN_A_RANGE: "a number within the other's range",
    AddressReason.NUMBER_IN_ANOTHER_PLACE: "the house number stands in another place",
    AddressReason.STREETS_AGREE: "the streets agree",
    AddressReason.STREETS_ALIKE: "the streets have nearly the same name",
    AddressReason.STREETS_DIFFER: "the streets are written differently",
    AddressReason.BUILDINGS_AGREE: "the buildings agree",
    AddressReason.BUILDINGS_ALIKE: "the buildings have nearly the same name",
    AddressReason.BUILDINGS_DIFFER: "the buildings are named differently",
    AddressReason.ONE_IS_BESIDE_THE_HOME: "one of them names a shop or an outbuilding",
}

# What happened to a case.
EVENTS: Final[Mapping[str, str]] = {
    CaseEvent.ACKNOWLEDGE: "acknowledged",
    CaseEvent.ACKNOWLEDGEMENT_LAPSED: "the acknowledgement ran out",
    CaseEvent.CONTACT_RESIDENT: "resident contacted",
    CaseEvent.BOOK_VISIT: "visit booked",
    CaseEvent.FIT_SOLUTION: "solution fitted",
    CaseEvent.PASS_TEST: "test call passed",
    CaseEvent.FAIL_TEST: "test call failed",
    CaseEvent.CONFIRM_SAFE: "confirmed safe",
    CaseEvent.FIND_NO_ACCESS: "no access to the home",
    CaseEvent.DECLINE: "resident declined",
    CaseEvent.REQUEST_HOLD: "hold asked for",
    CaseEvent.CONFIRM_HOLD: "hold confirmed by the provider",
    CaseEvent.REFUSE_HOLD: "hold refused by the provider",
    CaseEvent.END_HOLD: "the hold ended",
    CaseEvent.REVIEW_DUE: "the review fell due",
    CaseEvent.RESTRICT_LINE: "line restricted",
    CaseEvent.MIGRATE_LINE: "line moved",
    CaseEvent.REVERT_LINE: "line put back on the old network",
    CaseEvent.PASS_POST_CHECK: "test call after the move passed",
    CaseEvent.CLOSE: "closed",
    CaseEvent.REJECT_MATCH: "match rejected",
    CaseEvent.END_SERVICE: "the telecare service ended",
    CaseEvent.WITHDRAW_NOTICE: "notice withdrawn",
    CaseEvent.NEW_NOTICE: "a new notice came",
    CaseEvent.MATCH_SURER: "the match became surer",
    CaseEvent.CLAIM_LINE: "a provider that gave no notice reports a change to the line: its word only",
    CaseEvent.LINE_AT_RISK: "another line of the home is at risk, which the test call or the hold does not cover",
    CaseEvent.PORT_LINE: "number moved to another provider",
    CaseEvent.SETTLE_VERSIONS: "two versions of a notice settled",
    CaseEvent.VERSIONS_DIFFER: "two versions of a notice differ: the earlier danger counts, and the provider is asked",
    CaseEvent.ACCEPT_CHANGES: "the changes of a feed accepted",
    CaseEvent.CHANGES_WAIT: "a change of a feed waits until somebody agrees to it",
    CaseEvent.CORRECT_CLOCK: "what a wrong clock did was undone",
    CaseEvent.MOVE_DATE_EARLIER: "the date moved earlier",
    CaseEvent.MOVE_DATE_LATER: "the date moved later",
}


def reasons(codes: list[str]) -> str:
    # A code of a newer version is shown as it is.
    return ", ".join(REASONS.get(code, code) for code in codes)


def transition(action: str, fields: Mapping[str, Any]) -> str:
    event = EVENTS.get(str(fields.get("event")), "")
    if action == AuditAction.CASE_OPENED:
        return f"case opened, {fields['level']} match"
    if action == AuditAction.CASE_MOVED:
        after = case_state(str(fields["to"]))
        # Some events have the name of the state they lead to.
        return event if event == after else f"{event}: now {after}"
    if action == AuditAction.CASE_REFUSED:
        return f"could not be recorded: {event}"
    if action == AuditAction.NUMBERS_REVEALED:
        return "the numbers on its notices were shown"
    if action == AuditAction.CASE_RULES_CHANGED:
        return f"judged by the rules of {' and '.join(fields['after'])} from here on"
    return event or action.replace("_", " ")
