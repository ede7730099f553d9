from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from schemas.codes import CaseState, MatchLevel, NoticeStatus
from services.alerts.review.consent.waiting import WhatChanged
from services.core.clock import LONDON
from services.core.hidden_numbers import has_telephone_number

_ADDRESS_ONLINE = re.compile(r"\S@\S|://|www\.", re.IGNORECASE)
_LONGEST_NAME = 60

SURE = {
    MatchLevel.CONFIRMED: "Confirmed",
    MatchLevel.PROBABLE: "Probable",
    MatchLevel.POSSIBLE: "Possible",
}
SURE_BECAUSE = {
    MatchLevel.CONFIRMED: "same telephone number",
    MatchLevel.PROBABLE: "same address, please confirm",
    MatchLevel.POSSIBLE: "area notice, please check",
}

# States as they stand in the middle of a sentence.
STATES: Mapping[str, str] = {
    CaseState.OPEN: "nobody has acted yet",
    CaseState.ACKNOWLEDGED: "acknowledged",
    CaseState.RESIDENT_CONTACTED: "resident contacted",
    CaseState.VISIT_BOOKED: "visit booked",
    CaseState.SOLUTION_FITTED: "alarm fitted, not yet tested",
    CaseState.TEST_PASSED: "test passed, not yet confirmed safe",
    CaseState.CONFIRMED_SAFE: "confirmed safe",
    CaseState.MIGRATED: "switched, test call due",
    CaseState.POST_CHECK_PASSED: "switched and tested",
    CaseState.CLOSED: "closed",
    CaseState.NO_ACCESS: "nobody answered the door",
    CaseState.RESIDENT_DECLINED: "resident declined",
    CaseState.TEST_FAILED: "test failed",
    CaseState.HOLD_REQUESTED: "hold asked for, not confirmed",
    CaseState.HOLD_CONFIRMED: "hold confirmed by the provider",
    CaseState.HOLD_REFUSED: "provider refused a hold",
    CaseState.LINE_RESTRICTED: "calls already restricted",
    CaseState.MIGRATED_UNCONFIRMED: "switched before anyone confirmed the alarm works",
    CaseState.REVERTED: "back on the old network, visit due",
    CaseState.FALSE_MATCH: "not our resident",
    CaseState.SERVICE_ENDED: "service ended",
    CaseState.NOTICE_WITHDRAWN: "notice withdrawn",
}

# The words for the reasons of escalations. Reasons that the state or the date of a case already shows are left out.
NEWS = {
    "first_alert": "New",
    "something_changed": "Changed",
    "threshold_reached": "Date is nearer",
    "repeat": "Reminder",
    "acknowledgement_lapsed": "Pause ran out",
    "nobody_answered": "Nobody answered",
    "nothing_moved": "Nothing has moved",
    "changes_wait": "A change waits",
}
# What a feed has changed, when the change waits until somebody agrees.
CHANGED: Mapping[str, str] = {
    WhatChanged.ENTRY_WITHDRAWN: "{who} no longer has this home",
    WhatChanged.SERVICE_ENDED: "{who} says that the telecare service has ended",
    WhatChanged.NOTICE_WITHDRAWN: "{who} withdrew its notice",
    WhatChanged.LINE_GONE: "The notice of {who} no longer fits this line",
    WhatChanged.DATE_LATER: "{who} moved the day to {day}",
    WhatChanged.DATE_GONE: "{who} gives no day any more",
    WhatChanged.OTHERWISE: "A feed changed what it says about this line",
}
UNTIL_AGREED = "The case stays as it is until somebody here agrees"
_DONE: Mapping[str, str] = {
    NoticeStatus.COMPLETED: "already switched",
    NoticeStatus.REVERTED: "put back on the old network",
}


def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"  # Thursday 3 December 2026


def short_day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"  # Thu 3 Dec 2026


def subject_day(day: date, today: date) -> str:
    # `Thu 3 December`, with the year only if it is not the year of `today`.
    return f"{day:%a} {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def distance(day: date, today: date) -> str:
    """Return words such as `in 3 days`, `tomorrow` or `4 days ago`."""
    days = (day - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return near.get(days) or (f"in {days:,} days" if days > 0 else f"{-days:,} days ago")


def moment(at: datetime) -> str:
    """Return London time, such as `Monday 30 November 2026 at 9:05am`."""
    local = at.astimezone(LONDON)
    clock = f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"  # noqa: PLR2004  # noon
    return f"{long_day(local.date())} at {clock}"


def version(status: str, planned_on: date | None, restriction_on: date | None) -> str:
    # The text is for the middle of a sentence.
    if status == NoticeStatus.WITHDRAWN:
        return "notice withdrawn"
    if status in _DONE:
        return _DONE[status] + (f", planned for {short_day(planned_on)}" if planned_on else "")
    parts = [f"calls restricted {short_day(restriction_on)}"] if restriction_on else []
    parts += [f"switch {short_day(planned_on)}"] if planned_on else []
    parts = parts or ["date not known"]
    return ", ".join(["paused", *parts] if status == NoticeStatus.PAUSED else parts)


def and_list(names: Sequence[str]) -> str:
    # Returns `A`, `A and B` or `A, B and C`.
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def lines(count: int) -> str:
    return f"{count:,} alarm line{'' if count == 1 else 's'}"


def case_state(state: str) -> str:
    # An unknown code is not shown, because it could be any text.
    return STATES.get(state, "see the page")


def shown_name(text: str) -> str:
    """Return the name as messages and pages show it, or the text `name not shown`."""
    # Each unprintable character becomes a blank. Then every run of blanks becomes one blank.
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if not name or has_telephone_number(name) or _ADDRESS_ONLINE.search(name):
        return "name not shown"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
