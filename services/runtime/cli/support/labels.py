"""Codes of matches and histories in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.alerts.message.wording import case_state
from services.alerts.states.machine import Event
from services.core.audit import AuditAction
from services.matcher.addresses import AddressReason
from services.matcher.rules import MatchReason

# Why a notice and an entry were matched.
REASONS: Final[Mapping[str, str]] = {
    MatchReason.SAME_TELEPHONE_NUMBER: "same telephone number",
    MatchReason.SAME_UPRN: "same property number (UPRN)",
    MatchReason.SAME_ADDRESS: "same address",
    MatchReason.NEAR_ADDRESS: "a near address",
    MatchReason.SAME_POSTCODE: "same postcode, and nothing for or against it in the addresses",
    MatchReason.AREA_COVERS_ADDRESS: "an area notice covers the address",
    MatchReason.ADDRESSES_DIFFER: "but the addresses differ",
    MatchReason.NUMBERS_DIFFER: "but the telephone numbers differ",
    AddressReason.SUB_UNITS_AGREE: "the flats agree",
    AddressReason.SUB_UNITS_CLASH: "the flats differ",
    AddressReason.SUB_UNIT_MISSING: "one of them names no flat",
    AddressReason.SUB_UNITS_NAMED_OTHERWISE: "the flats are named in different ways",
    AddressReason.NUMBERS_AGREE: "the house numbers agree",
    AddressReason.NUMBERS_CLASH: "the house numbers differ",
    AddressReason.NUMBER_MISSING: "one of them has no house number",
    AddressReason.NUMBER_IN_ANOTHER_PLACE: "the house number stands in another place",
    AddressReason.STREETS_AGREE: "the streets agree",
    AddressReason.STREETS_DIFFER: "the streets are written differently",
    AddressReason.BUILDINGS_AGREE: "the buildings agree",
    AddressReason.BUILDINGS_DIFFER: "the buildings are named differently",
}

# What happened to a case.
EVENTS: Final[Mapping[str, str]] = {
    Event.ACKNOWLEDGE: "acknowledged",
    Event.ACKNOWLEDGEMENT_LAPSED: "the acknowledgement ran out",
    Event.CONTACT_RESIDENT: "resident contacted",
    Event.BOOK_VISIT: "visit booked",
    Event.FIT_SOLUTION: "solution fitted",
    Event.PASS_TEST: "test call passed",
    Event.FAIL_TEST: "test call failed",
    Event.CONFIRM_SAFE: "confirmed safe",
    Event.FIND_NO_ACCESS: "no access to the home",
    Event.DECLINE: "resident declined",
    Event.REQUEST_HOLD: "hold asked for",
    Event.CONFIRM_HOLD: "hold confirmed by the provider",
    Event.REFUSE_HOLD: "hold refused by the provider",
    Event.END_HOLD: "the hold ended",
    Event.REVIEW_DUE: "the review fell due",
    Event.RESTRICT_LINE: "line restricted",
    Event.MIGRATE_LINE: "line moved",
    Event.REVERT_LINE: "line put back on the old network",
    Event.PASS_POST_CHECK: "test call after the move passed",
    Event.CLOSE: "closed",
    Event.REJECT_MATCH: "match rejected",
    Event.END_SERVICE: "the telecare service ended",
    Event.WITHDRAW_NOTICE: "notice withdrawn",
    Event.NEW_NOTICE: "a new notice came",
    Event.MATCH_SURER: "the match became surer",
    Event.CLAIM_LINE: "a provider that gave no notice reports a change to the line: its word only",
    Event.LINE_AT_RISK: "another line of the home is at risk, which the test call or the hold does not cover",
    Event.PORT_LINE: "number moved to another provider",
    Event.SETTLE_VERSIONS: "two versions of a notice settled",
    Event.VERSIONS_DIFFER: "two versions of a notice differ: the earlier danger counts, and the provider is asked",
    Event.CORRECT_CLOCK: "what a wrong clock did was undone",
    Event.MOVE_DATE_EARLIER: "the date moved earlier",
    Event.MOVE_DATE_LATER: "the date moved later",
}


def reasons(codes: list[str]) -> str:
    # A code of a newer version stands for itself.
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
    if action == AuditAction.CASE_RULES_CHANGED:
        return f"judged by the rules of {' and '.join(fields['after'])} from here on"
    return event or action.replace("_", " ")
