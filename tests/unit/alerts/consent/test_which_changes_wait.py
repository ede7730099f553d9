from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.codes import NoticeStatus, ServiceStatus
from services.alerts.review.case import Entry, Line
from services.alerts.review.consent.snapshot import Facts
from services.alerts.review.consent.waiting import WaitingChange, WhatChanged, waiting_changes, with_provider_shown
from tests.unit.alerts.consent.believed import believing
from tests.unit.alerts.review.cases import ENTRY, LINE, NOW, OTHER

assert LINE.planned_on is not None
LATER, EARLIER = LINE.planned_on + timedelta(days=30), LINE.planned_on - timedelta(days=3)
RESTRICTED = replace(LINE, restriction_on=EARLIER)
GONE = replace(ENTRY, live=False)
ENDED = replace(ENTRY, service_status=ServiceStatus.ENDED)


def waiting(*before: Line, now: tuple[Line, ...], entry: Entry = ENTRY, was: Entry = ENTRY) -> list[WaitingChange]:
    of = replace(believing(*before, entry=was), changes_wait_since=NOW)
    return list(waiting_changes(of, Facts(entry, now)))


@pytest.mark.parametrize(
    ("before", "changes", "expected"),
    [
        (LINE, {"status": NoticeStatus.WITHDRAWN}, WaitingChange(WhatChanged.NOTICE_WITHDRAWN, "RAVN")),
        (LINE, {"planned_on": LATER}, WaitingChange(WhatChanged.DATE_LATER, "RAVN", LATER)),
        (LINE, {"planned_on": None}, WaitingChange(WhatChanged.DATE_GONE, "RAVN")),
        # The day of a restriction counts as the day of a move does, and the earlier of the two.
        (RESTRICTED, {"restriction_on": None}, WaitingChange(WhatChanged.DATE_LATER, "RAVN", LINE.planned_on)),
        (LINE, {"planned_on": None, "restriction_on": LATER}, WaitingChange(WhatChanged.DATE_LATER, "RAVN", LATER)),
        # Withdrawn and with another day: the withdrawal says it all.
        (
            LINE,
            {"status": NoticeStatus.WITHDRAWN, "planned_on": LATER},
            WaitingChange(WhatChanged.NOTICE_WITHDRAWN, "RAVN"),
        ),
    ],
)
def test_a_change_of_a_notice_is_named_with_its_provider(
    before: Line, changes: dict[str, Any], expected: WaitingChange
) -> None:
    assert waiting(before, now=(replace(before, revision=2, **changes),)) == [expected]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (LINE, replace(LINE, planned_on=EARLIER)),
        (LINE, LINE),
        (replace(LINE, planned_on=None), LINE),
        (replace(LINE, planned_on=None), replace(LINE, planned_on=None, provider="RAVN", revision=2)),
        (replace(LINE, status=NoticeStatus.WITHDRAWN), replace(LINE, status=NoticeStatus.WITHDRAWN)),
    ],
    ids=["earlier", "the same", "dated now", "undated still", "withdrawn before"],
)
def test_what_delays_a_case_without_such_a_change_is_said_in_general(before: Line, now: Line) -> None:
    assert waiting(before, now=(now,)) == [WaitingChange(WhatChanged.OTHERWISE)]


def test_a_line_that_is_no_longer_matched_is_gone() -> None:
    assert waiting(LINE, OTHER, now=(LINE,)) == [WaitingChange(WhatChanged.LINE_GONE, "HRBR")]


def test_each_provider_is_named_once_for_each_change() -> None:
    second = replace(LINE, notice_pk=2)
    expected = [WaitingChange(WhatChanged.LINE_GONE, "RAVN"), WaitingChange(WhatChanged.LINE_GONE, "HRBR")]
    assert waiting(LINE, second, OTHER, now=()) == expected


def test_a_new_line_delays_nothing() -> None:
    assert waiting(LINE, now=(LINE, OTHER)) == [WaitingChange(WhatChanged.OTHERWISE)]


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (GONE, WhatChanged.ENTRY_WITHDRAWN),
        (ENDED, WhatChanged.SERVICE_ENDED),
        (replace(ENDED, live=False), WhatChanged.ENTRY_WITHDRAWN),
    ],
)
def test_where_the_register_ended_the_case_nothing_else_is_named(entry: Entry, what: WhatChanged) -> None:
    assert waiting(LINE, OTHER, now=(replace(LINE, planned_on=LATER),), entry=entry) == [WaitingChange(what)]


@pytest.mark.parametrize("entry", [GONE, ENDED])
def test_an_entry_that_was_gone_before_is_no_change(entry: Entry) -> None:
    later = (replace(LINE, planned_on=LATER),)
    assert waiting(LINE, now=later, entry=entry, was=entry) == [WaitingChange(WhatChanged.DATE_LATER, "RAVN", LATER)]


def test_nothing_waits_on_a_case_that_was_never_reviewed_or_on_which_nothing_was_held_back() -> None:
    of = believing(LINE)
    assert waiting_changes(of, Facts(ENTRY, ())) == ()
    assert waiting_changes(replace(of, changes_wait_since=NOW, believed=None), Facts(ENTRY, ())) == ()


def test_the_name_of_a_provider_is_shown_for_its_code() -> None:
    change = WaitingChange(WhatChanged.DATE_LATER, "RAVN", date(2027, 1, 2))
    assert with_provider_shown(change, "Raven Telecom") == replace(change, provider="Raven Telecom")
