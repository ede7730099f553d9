from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.codes import CaseEvent, CaseState, MatchLevel, NoticeStatus
from services.alerts.policy.escalation.case_clock import EscalationReason
from services.alerts.review.case import Case, Line, Rival
from services.alerts.review.line_memory import memories
from services.alerts.review.timeline import turning_days
from tests.unit.alerts.review.cases import (
    DAY,
    HOUR,
    LINE,
    MINUTE,
    NOW,
    OTHER,
    TODAY,
    case,
    events,
    knowing,
    memory,
    reviewed,
)

DONE = replace(LINE, status=NoticeStatus.COMPLETED, issued_at=NOW - HOUR, planned_on=date(2026, 11, 20))
UNANNOUNCED = replace(DONE, notice_pk=7, announced=False)
BACK = replace(LINE, status=NoticeStatus.REVERTED, issued_at=NOW - HOUR)
TWO: dict[str, Any] = {"providers": ("HRBR", "RAVN"), "lines": 2}
SEEN_OTHER = {"9": {"provider": "HRBR", "known_as": "planned"}}


def days(of: Case, *lines: Line) -> list[date]:
    return list(turning_days(of, lines))


def test_a_report_of_a_move_is_an_alarm_and_names_its_provider() -> None:
    made = reviewed(case(), DONE)
    assert [(one.event, one.providers) for one in made.transitions][-1:] == [(CaseEvent.MIGRATE_LINE, ("RAVN",))]
    assert (made.case.state, made.case.time_steps) == (CaseState.MIGRATED_UNCONFIRMED, ())


def test_a_line_put_back_is_an_alarm_and_names_its_provider() -> None:
    made = reviewed(case(), BACK)
    (told,) = [one for one in made.transitions if one.event is CaseEvent.REVERT_LINE]
    assert (told.after, told.providers) == (CaseState.REVERTED, ("RAVN",))


def test_a_line_was_put_back_on_the_day_its_provider_said_so_not_on_the_day_of_its_move() -> None:
    made = reviewed(case(), replace(BACK, planned_on=date(2026, 11, 20)))
    assert [one["on"] for one in made.case.time_steps] == ["2026-11-23T00:00:00+00:00"]
    assert memory(made.case).restricted is None


def test_the_word_of_a_provider_that_gave_no_notice_moves_no_other_provider_s_line() -> None:
    made = reviewed(case(seen=SEEN_OTHER, providers=("HRBR",)), UNANNOUNCED, OTHER)
    assert CaseEvent.CLAIM_LINE in events(made)
    assert CaseEvent.MIGRATE_LINE not in events(made)
    assert made.case.claimed_by == ("RAVN",)
    assert made.case.state is CaseState.OPEN


@pytest.mark.parametrize(
    "beside",
    [
        (),
        (replace(OTHER, level=MatchLevel.POSSIBLE),),
        (replace(LINE, announced=True),),
    ],
    ids=["alone", "beside a line that is merely possible", "beside a notice of its own"],
)
def test_where_no_other_provider_s_line_is_at_stake_its_word_is_an_alarm(beside: tuple[Line, ...]) -> None:
    made = reviewed(case(seen={}, providers=()), UNANNOUNCED, *beside)
    assert CaseEvent.MIGRATE_LINE in events(made)
    assert CaseEvent.CLAIM_LINE not in events(made)
    assert made.case.state is CaseState.MIGRATED_UNCONFIRMED


def test_a_provider_that_announced_the_move_is_believed_beside_another_s_line() -> None:
    made = reviewed(case(**TWO, seen={**knowing(), **SEEN_OTHER}), DONE, OTHER)
    assert CaseEvent.MIGRATE_LINE in events(made)
    assert made.case.claimed_by == ()


def test_a_report_is_told_once() -> None:
    after = reviewed(case(), DONE).case
    assert events(reviewed(replace(after, revision=5), DONE)) == []


def test_what_happened_first_is_told_first() -> None:
    bars = replace(OTHER, restriction_on=date(2026, 11, 21))
    made = reviewed(case(**TWO, seen={**knowing(), **SEEN_OTHER}), DONE, bars)
    told = [one for one in events(made) if one in {CaseEvent.MIGRATE_LINE, CaseEvent.RESTRICT_LINE}]
    assert told == [CaseEvent.MIGRATE_LINE, CaseEvent.RESTRICT_LINE]
    earlier = replace(bars, restriction_on=date(2026, 11, 19))
    made = reviewed(case(**TWO, seen={**knowing(), **SEEN_OTHER}), DONE, earlier)
    told = [one for one in events(made) if one in {CaseEvent.MIGRATE_LINE, CaseEvent.RESTRICT_LINE}]
    assert told == [CaseEvent.RESTRICT_LINE, CaseEvent.MIGRATE_LINE]


def test_at_the_same_moment_a_hold_ends_before_its_line_is_barred_and_a_move_comes_before_a_review() -> None:
    bars = replace(LINE, restriction_on=TODAY)
    until = TODAY - DAY
    held = case(CaseState.HOLD_CONFIRMED, harm_on=TODAY, hold_until=until, seen=knowing(held_until=str(until)))
    assert events(reviewed(held, bars)) == [CaseEvent.END_HOLD, CaseEvent.RESTRICT_LINE]
    safe = case(CaseState.CONFIRMED_SAFE, planned_on=TODAY - DAY, harm_on=TODAY - DAY, review_on=TODAY)
    made = reviewed(safe, replace(LINE, planned_on=TODAY - DAY))
    assert (events(made), made.case.state) == ([CaseEvent.MIGRATE_LINE], CaseState.MIGRATED)
    assert made.case.review_on == TODAY


def test_of_lines_barred_on_one_day_the_notice_recorded_first_is_told_first() -> None:
    first, second = replace(LINE, restriction_on=TODAY), replace(OTHER, restriction_on=TODAY)
    made = reviewed(case(**TWO, seen={**knowing(), **SEEN_OTHER}), second, first)
    told = [one.providers for one in made.transitions if one.event is CaseEvent.RESTRICT_LINE]
    assert told == [("RAVN",), ("HRBR",)]


def test_a_move_of_a_day_that_lies_ahead_of_its_report_was_made_by_now() -> None:
    made = reviewed(case(), replace(DONE, planned_on=TODAY + 9 * DAY, issued_at=NOW + 2 * DAY))
    assert CaseEvent.MIGRATE_LINE in events(made)


@pytest.mark.parametrize(("at", "moved"), [(-MINUTE, False), (0 * MINUTE, True)])
def test_a_confirmed_line_is_taken_to_have_moved_from_midnight_after_its_day(at: Any, moved: bool) -> None:
    midnight = datetime(2026, 12, 4, tzinfo=UTC)
    made = reviewed(case(CaseState.CONFIRMED_SAFE), LINE, now=midnight + at)
    assert (made.case.state is CaseState.MIGRATED) is moved
    if moved:
        assert made.transitions[-1].providers == ("RAVN",)
        assert [(one["event"], one["on"], one["line"]) for one in made.case.time_steps] == [
            ("migrate_line", "2026-12-04T00:00:00+00:00", None)
        ]


def test_a_line_barred_is_noted_by_its_own_day_so_that_another_day_is_told_again() -> None:
    made = reviewed(case(), replace(LINE, restriction_on=TODAY))
    assert memory(made.case).restricted == str(TODAY)
    assert [(one["event"], one["line"]) for one in made.case.time_steps] == [("restrict_line", "1")]
    moved = reviewed(made.case, replace(LINE, restriction_on=TODAY - DAY))
    assert CaseEvent.RESTRICT_LINE in events(moved)


@pytest.mark.parametrize(
    "line",
    [
        replace(LINE, restriction_on=TODAY + DAY),
        replace(LINE, restriction_on=TODAY, level=MatchLevel.POSSIBLE),
    ],
    ids=["tomorrow", "merely possible"],
)
def test_a_bar_that_has_not_begun_or_may_be_another_line_s_is_not_told(line: Line) -> None:
    assert CaseEvent.RESTRICT_LINE not in events(reviewed(case(), line))


def test_a_hold_that_ends_is_forgotten_of_every_line() -> None:
    until = str(TODAY - DAY)
    seen = {**knowing(held_until=until), "9": {"provider": "HRBR", "known_as": "planned", "held_until": until}}
    made = reviewed(case(CaseState.HOLD_CONFIRMED, **TWO, seen=seen, hold_until=TODAY - DAY), LINE, OTHER)
    assert made.case.hold_until is None
    assert {one.held_until for one in memories(made.case).values()} == {None}
    assert [one["hold_until"] for one in made.case.time_steps] == [until]


def test_a_pause_that_is_over_stays_until_the_message_about_it() -> None:
    made = reviewed(case(CaseState.ACKNOWLEDGED, paused_until=NOW), LINE)
    assert (events(made), made.case.paused_until) == ([CaseEvent.ACKNOWLEDGEMENT_LAPSED], NOW)
    assert made.message is not None
    assert (made.message.due_at, made.message.reason) == (NOW, EscalationReason.ACKNOWLEDGEMENT_LAPSED)
    assert not events(reviewed(made.case, LINE))


@pytest.mark.parametrize(
    ("changes", "line", "turning"),
    [
        ({}, LINE, ["2026-12-04"]),
        ({"planned_on": None}, LINE, []),
        ({}, replace(LINE, restriction_on=date(2026, 11, 29)), ["2026-11-29", "2026-12-04"]),
        (
            {"planned_on": None},
            replace(LINE, rival=Rival(NoticeStatus.PLANNED, None, date(2026, 11, 27))),
            ["2026-11-27"],
        ),
        ({"state": CaseState.HOLD_CONFIRMED, "hold_until": TODAY, "planned_on": None}, LINE, ["2026-11-24"]),
        ({"state": CaseState.HOLD_CONFIRMED, "planned_on": None}, LINE, []),
        ({"hold_until": TODAY, "planned_on": None}, LINE, []),
        ({"state": CaseState.CONFIRMED_SAFE, "review_on": TODAY, "planned_on": None}, LINE, ["2026-11-23"]),
        ({"review_on": TODAY, "planned_on": None}, LINE, []),
        ({"state": CaseState.CLOSED, "review_on": TODAY}, replace(LINE, restriction_on=TODAY), ["2026-11-23"]),
        ({"state": CaseState.CLOSED}, LINE, []),
    ],
)
def test_a_case_turns_on_its_own_days_and_while_it_is_open_on_those_of_its_lines(
    changes: dict[str, Any], line: Line, turning: list[str]
) -> None:
    assert [str(day) for day in days(case(**changes), line)] == turning
