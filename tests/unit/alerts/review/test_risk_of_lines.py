from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.codes import MatchDecision, MatchLevel, NoticeStatus, ServiceStatus
from services.alerts.review.case import Line, Rival
from services.alerts.review.line_memory import LineMemory
from services.alerts.review.risk import all_rejected, assess_risk, is_covered, lines_at_risk, most_dangerous, open_lines
from services.alerts.states.rules import Ruleset
from tests.unit.alerts.review.cases import DAY, ENTRY, LINE, NOW, OTHER, RULES, case, knowing

MOVED = replace(LINE, notice_pk=3, status=NoticeStatus.COMPLETED, planned_on=date(2026, 11, 20))
BACK = replace(LINE, notice_pk=4, status=NoticeStatus.REVERTED, planned_on=date(2026, 11, 20), issued_at=NOW)
NEAR = replace(LINE, notice_pk=5, level=MatchLevel.POSSIBLE)
IN_FORCE = (RULES,)
TESTED = date(2026, 11, 22)
D1, D2, D3 = date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)


def test_the_surest_level_and_the_earliest_days_of_what_is_still_to_come_count() -> None:
    found = assess_risk(
        case(),
        ENTRY,
        [
            replace(MOVED, restriction_on=date(2026, 11, 1), issued_at=NOW - 9 * DAY),
            replace(NEAR, planned_on=D3, restriction_on=D2),
            replace(OTHER, planned_on=None, restriction_on=D3, issued_at=NOW - 2 * DAY),
        ],
        IN_FORCE,
    )
    assert found is not None
    assert (found.level, found.planned_on, found.restriction_on, found.harm_on) == (MatchLevel.CONFIRMED, D3, D2, D2)
    assert found.issued_at == NOW - 2 * DAY
    assert [line.notice_pk for line in found.lines] == [3, 5, 9]
    assert [line.notice_pk for line in found.pending] == [5, 9]


def test_where_every_line_has_moved_their_own_days_count() -> None:
    found = assess_risk(case(), ENTRY, [MOVED], IN_FORCE)
    assert found is not None
    assert (found.planned_on, found.harm_on, found.pending) == (date(2026, 11, 20), date(2026, 11, 20), ())


def test_no_line_is_at_risk_of_an_entry_that_is_gone_or_whose_service_has_ended() -> None:
    assert lines_at_risk(replace(ENTRY, live=False), [LINE], {}, IN_FORCE) == []
    assert lines_at_risk(replace(ENTRY, service_status=ServiceStatus.ENDED), [LINE], {}, IN_FORCE) == []
    assert assess_risk(case(), ENTRY, [replace(LINE, status=NoticeStatus.WITHDRAWN)], IN_FORCE) is None


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 23)])
def test_a_line_put_back_has_no_planned_move_up_to_the_day_it_was_put_back(day: date) -> None:
    found = assess_risk(case(), ENTRY, [replace(BACK, planned_on=day)], IN_FORCE)
    assert found is not None
    assert (found.planned_on, found.harm_on) == (None, None)


def test_a_line_put_back_may_have_a_later_move() -> None:
    found = assess_risk(case(), ENTRY, [replace(BACK, planned_on=date(2026, 11, 24))], IN_FORCE)
    assert found is not None
    assert found.planned_on == date(2026, 11, 24)


@pytest.mark.parametrize(
    "facts",
    [{"rejected": "confirmed"}, {"ported": LINE.fingerprint}],
)
def test_what_a_person_said_of_a_line_closes_it_and_no_other(facts: dict[str, Any]) -> None:
    assert open_lines(case(seen=knowing(**facts)), [LINE, OTHER]) == [OTHER]


def test_a_line_of_which_nothing_was_said_is_open() -> None:
    assert open_lines(case(), [LINE, OTHER]) == [LINE, OTHER]


@pytest.mark.parametrize(
    ("line", "tested", "covered"),
    [
        (LINE, None, False),
        (LINE, D2, False),
        (LINE, D3, False),
        (LINE, date(2026, 12, 4), True),
        (replace(LINE, planned_on=None), D3, False),
        (replace(LINE, restriction_on=date(2026, 12, 5)), date(2026, 12, 4), False),
        (replace(LINE, restriction_on=date(2026, 12, 4)), date(2026, 12, 4), True),
        (MOVED, date(2026, 11, 19), False),
        (MOVED, date(2026, 11, 20), True),
        (BACK, date(2026, 11, 22), False),
        (BACK, date(2026, 11, 23), True),
    ],
)
def test_a_test_call_covers_a_line_when_it_came_after_all_that_its_notice_says(
    line: Line, tested: date | None, covered: bool
) -> None:
    assert is_covered(line, [line], tested) is covered


def test_a_line_put_back_late_in_the_evening_was_put_back_on_that_day_in_london() -> None:
    late = replace(BACK, issued_at=datetime(2026, 6, 1, 23, 30, tzinfo=UTC))
    assert not is_covered(late, [], date(2026, 6, 1))
    assert is_covered(late, [], date(2026, 6, 2))


@pytest.mark.parametrize(
    ("beside", "covered"),
    [(MOVED, True), (replace(MOVED, provider="HRBR"), False), (replace(MOVED, status=NoticeStatus.PLANNED), False)],
)
def test_a_test_on_the_planned_day_covers_it_where_its_provider_reports_a_move(beside: Line, covered: bool) -> None:
    assert is_covered(LINE, [LINE, beside], D3) is covered


def test_a_covered_line_is_open_no_more() -> None:
    assert open_lines(case(tested_on=date(2026, 12, 4)), [LINE, OTHER]) == [OTHER]


@pytest.mark.parametrize(
    ("lines", "rejected"),
    [
        ([], False),
        ([LINE], False),
        ([replace(LINE, decision=MatchDecision.REJECTED)], True),
        ([replace(OTHER, decision=MatchDecision.REJECTED), LINE], False),
    ],
)
def test_a_match_is_wrong_where_a_person_rejected_every_line(lines: list[Line], rejected: bool) -> None:
    assert all_rejected(case(), lines) is rejected


def test_a_rejection_of_the_case_counts_for_every_line_it_was_made_on() -> None:
    assert all_rejected(case(seen=knowing(rejected="confirmed")), [LINE])
    assert not all_rejected(case(seen=knowing(rejected="confirmed")), [LINE, OTHER])
    assert not all_rejected(case(seen=knowing(rejected="possible")), [LINE])


TIED = replace(LINE, revision=3, restriction_on=None, rival=Rival(NoticeStatus.COMPLETED, D2, D1))


def test_of_two_versions_the_worse_status_and_the_earlier_days_count() -> None:
    worst = most_dangerous(TIED, {})
    assert (worst.status, worst.planned_on, worst.restriction_on) == (NoticeStatus.COMPLETED, D2, D1)
    other = replace(TIED, restriction_on=D1, rival=Rival(NoticeStatus.WITHDRAWN, None, D3))
    assert most_dangerous(other, {}) == other
    back = replace(TIED, rival=Rival(NoticeStatus.REVERTED, None, None))
    assert most_dangerous(back, {}).status is NoticeStatus.REVERTED
    assert replace(worst, status=TIED.status, planned_on=TIED.planned_on, restriction_on=None) == TIED


def test_a_person_settles_the_versions_they_saw_and_no_later_ones() -> None:
    assert most_dangerous(TIED, {"1": LineMemory("RAVN", settled=3)}) == TIED
    assert most_dangerous(TIED, {"1": LineMemory("RAVN", settled=2)}).status is NoticeStatus.COMPLETED
    assert most_dangerous(LINE, {}) == LINE


def test_the_rules_are_asked_of_the_worse_version() -> None:
    gone = replace(LINE, status=NoticeStatus.WITHDRAWN)
    assert lines_at_risk(ENTRY, [gone], {}, IN_FORCE) == []
    tied = replace(gone, rival=Rival(NoticeStatus.PLANNED, D3, None))
    assert [line.status for line in lines_at_risk(ENTRY, [tied], {}, IN_FORCE)] == [NoticeStatus.PLANNED]
    assert lines_at_risk(ENTRY, [tied], {"1": LineMemory("RAVN", settled=1)}, IN_FORCE) == []


@pytest.mark.parametrize(
    "field",
    [
        "match_level",
        "decision",
        "notice_status",
        "migration_kind",
        "target_service",
        "service_status",
        "connection",
    ],
)
def test_a_rule_may_ask_for_anything_that_is_known_of_a_line_and_its_entry(field: str) -> None:
    known = {
        "match_level": "confirmed",
        "decision": "undecided",
        "notice_status": "planned",
        "migration_kind": "non_voluntary",
        "target_service": "voip",
        "service_status": "active",
        "connection": "analogue_line",
    }
    words = {"why": "It was asked for.", "source": "deployment"}
    asks = {"id": "asks", "at_risk": False, "when": {field: [known[field]]}, **words}
    rules = {"name": "asks", "title": "Asks", "rules": [asks], "otherwise": {"id": "other", "at_risk": True, **words}}
    assert lines_at_risk(ENTRY, [LINE], {}, [Ruleset.model_validate(rules)]) == []


def test_a_planned_move_of_the_day_of_the_test_is_covered_once_its_provider_reports_one() -> None:
    planned = replace(LINE, planned_on=TESTED)
    done = replace(MOVED, planned_on=TESTED)
    assert open_lines(case(tested_on=TESTED), [planned]) == [planned]
    assert open_lines(case(tested_on=TESTED), [planned, done]) == []
