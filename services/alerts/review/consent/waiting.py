"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from schemas.codes import NoticeStatus, ServiceStatus
from services.alerts.policy.policy import harmful_day
from services.alerts.review.case import Case, Line
from services.alerts.review.consent.snapshot import Facts, recalled


class WhatChanged(StrEnum):
    ENTRY_WITHDRAWN = "entry_withdrawn"
    SERVICE_ENDED = "service_ended"
    NOTICE_WITHDRAWN = "notice_withdrawn"
    # The notice, or the entry, has another telephone number or address.
    LINE_GONE = "line_gone"
    DATE_LATER = "date_later"
    DATE_GONE = "date_gone"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class WaitingChange:
    what: WhatChanged
    # Empty if the register changed.
    provider: str = ""
    day: date | None = None


def waiting_changes(case: Case, current: Facts) -> tuple[WaitingChange, ...]:
    if case.believed is None or not case.changes_wait:
        return ()
    before = recalled(case.believed, current.entry)
    if before.entry.live and not current.entry.live:
        return (WaitingChange(WhatChanged.ENTRY_WITHDRAWN),)
    if current.entry.service_status is ServiceStatus.ENDED is not before.entry.service_status:
        return (WaitingChange(WhatChanged.SERVICE_ENDED),)
    now = {line.key: line for line in current.lines}
    found = (one for line in before.lines for one in _of_line(line, now.get(line.key)))
    # Each is said once, however many lines of a provider it is about.
    return tuple(dict.fromkeys(found)) or (WaitingChange(WhatChanged.OTHERWISE),)


def with_provider_shown(change: WaitingChange, name: str) -> WaitingChange:
    return replace(change, provider=name)


def _of_line(before: Line, now: Line | None) -> Iterator[WaitingChange]:
    if now is None:
        yield WaitingChange(WhatChanged.LINE_GONE, before.provider)
    elif now.status is NoticeStatus.WITHDRAWN is not before.status:
        yield WaitingChange(WhatChanged.NOTICE_WITHDRAWN, before.provider)
    else:
        was, is_now = (harmful_day(line.planned_on, line.restriction_on) for line in (before, now))
        if was is not None and is_now is None:
            yield WaitingChange(WhatChanged.DATE_GONE, before.provider)
        elif was is not None and is_now is not None and is_now > was:
            yield WaitingChange(WhatChanged.DATE_LATER, before.provider, is_now)
