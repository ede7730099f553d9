"""Tests rules of the judge that a simulated month meets only rarely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.simulation.judging.bounds import HOUR, MINUTE, day_of
from tests.simulation.judging.duty import Due, Duty, Heard
from tests.simulation.judging.history import Happened, What
from tests.simulation.judging.judge import judge
from tests.simulation.judging.needless import Pace
from tests.simulation.judging.resident import Resident
from tests.simulation.surroundings.rules import CHOICES, Numbers

DAY = timedelta(days=1)
MONDAY_TEN = datetime(2026, 6, 1, 9, tzinfo=UTC)
DESK, SECOND = "desk-e08000035", "second-e08000035"


def resident(days_off: int, at: datetime = MONDAY_TEN) -> Resident:
    """Return a resident whose line moves `days_off` days after `at`."""
    made = Resident()
    made.register(at, ended=False)
    made.notice(
        at, "HBRT", {"status": "planned", "planned": day_of(at) + timedelta(days=days_off), "restriction": None}
    )
    return made


def paused(duty: Duty, acted_at: datetime) -> datetime:
    """Record that a person acts, and return the end of the pause."""
    duty.resident.act(acted_at, "acknowledge", None)
    duty.heard.pause(duty.pause(acted_at, is_step=False))
    duty.heard.forget()
    return duty.heard.paused


def test_a_message_from_before_a_pause_that_a_slow_clock_put_in_doubt_makes_nobody_else_due() -> None:
    duty = Duty(resident(50), Heard(), Numbers())
    duty.heard.accept("A-1.1", DESK, MONDAY_TEN)
    until = paused(duty, MONDAY_TEN + HOUR)
    duty.heard.pause_in_doubt = True
    # A colleague gets the first message only now.
    duty.heard.accept("A-1.2", SECOND, MONDAY_TEN + DAY)
    assert set(duty.all_due()) == {"reminder"}
    duty.heard.accept("A-2.1", SECOND, until)
    # So far from the day, silence after one message asks nobody else.
    assert duty.heard.reminders == 1
    assert set(duty.all_due()) == {"reminder"}
    duty.heard.accept("A-3.1", SECOND, until + 7 * DAY)
    assert set(duty.all_due()) == {"reminder", "silence"}


@pytest.mark.parametrize(("apart", "counted"), [(MINUTE, 1), (2 * MINUTE, 2)])
def test_a_message_that_was_on_its_way_when_it_was_written_anew_counts_once(apart: timedelta, counted: int) -> None:
    heard = Heard()
    heard.accept("A-1.1", DESK, MONDAY_TEN)
    heard.accept("A-2.1", DESK, MONDAY_TEN + apart)
    assert heard.reminders == counted


@pytest.mark.parametrize(("too_long", "is_left"), [(5 * MINUTE, True), (6 * MINUTE, False)])
def test_a_pause_that_is_too_long_by_less_than_clocks_may_differ_is_left(too_long: timedelta, is_left: bool) -> None:
    duty = Duty(resident(50), Heard(), Numbers(pause=48))
    until = MONDAY_TEN + timedelta(hours=48) + too_long
    assert (duty.shortened_pause(until, MONDAY_TEN) == until) is is_left


def test_a_shortened_pause_may_end_at_a_threshold_of_that_day_which_a_message_at_night_has_named() -> None:
    night = datetime(2026, 6, 2, 1, tzinfo=UTC)
    duty = Duty(resident(16, night - 2 * DAY), Heard(told=night), Numbers(pause=48))
    now, until = night + HOUR, night + 4 * DAY
    assert duty.shortened_pause(until, now) == now + 2 * DAY
    # 14 days before the move, on the second of June. The service may have forgotten the message of a wrong clock.
    assert duty.earliest_shortened_pause(until, now) == datetime(2026, 6, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds_before", "due"),
    [(61, datetime(2026, 6, 1, 20, 58, 59, tzinfo=UTC)), (27, datetime(2026, 6, 2, 8, tzinfo=UTC))],
)
def test_a_first_message_in_the_last_minute_before_quiet_hours_may_wait_until_they_end(
    seconds_before: int, due: datetime
) -> None:
    news = datetime(2026, 6, 1, 21, tzinfo=UTC) - timedelta(seconds=seconds_before)
    assert Duty(resident(50, news), Heard(), Numbers()).all_due() == {"first": Due(due, 1)}


def test_a_first_message_that_wakes_people_waits_for_no_end_of_quiet_hours() -> None:
    news = datetime(2026, 6, 1, 20, 59, 33, tzinfo=UTC)
    assert Duty(resident(1, news), Heard(), Numbers()).all_due() == {"first": Due(news, 1)}


def history(*policies: tuple[datetime, Numbers], down: tuple[datetime, datetime], heard_at: datetime) -> list[Happened]:
    """Return what happens to a resident whose line moves 14 days after a message, which nobody answers."""
    name, council, case = "E08000035/1", "E08000035", "C-2222-2222"
    planned = day_of(heard_at) + 14 * DAY
    facts = {"provider": "HBRT", "status": "planned", "planned": planned, "restriction": None}
    says = {case: (f"{planned:%a} {planned.day} {planned:%b %Y}", "in 14 days", "open")}
    happened = [
        *(Happened(at, What.POLICY, council, {"numbers": numbers}) for at, numbers in policies),
        Happened(heard_at - MINUTE, What.ENTRY, name, {"ended": False}),
        Happened(heard_at - MINUTE, What.NOTICE, name, facts),
        Happened(heard_at - MINUTE, What.CASE, name, {"reference": case}),
        Happened(heard_at, What.ATTEMPT, DESK, {"reference": "A-1.1", "says": says}),
        Happened(heard_at, What.ANSWER, DESK, {"reference": "A-1.1", "outcome": "sent"}),
        Happened(down[0], What.DOWN, facts={"until": down[1]}),
    ]
    return sorted(happened, key=lambda one: one.at)


def test_what_an_outage_put_off_into_the_night_of_one_policy_is_due_anew_when_another_comes() -> None:
    # On the Thursday before Easter the service is back after eight in the evening, which is night by the first policy.
    heard_at = datetime(2026, 4, 1, 9, tzinfo=UTC)
    down = datetime(2026, 4, 2, 7, tzinfo=UTC), datetime(2026, 4, 2, 19, 33, tzinfo=UTC)
    policies = (heard_at - DAY, CHOICES[2]), (datetime(2026, 4, 6, 7, tzinfo=UTC), CHOICES[0])
    happened = history(*policies, down=down, heard_at=heard_at)
    tuesday = datetime(2026, 4, 7, 8, tzinfo=UTC)
    assert judge(happened, tuesday + 6 * MINUTE) == []
    late = judge(happened, tuesday + HOUR)
    assert {one.promise for one in late} == {"nobody else asked"}


def test_what_was_put_off_to_a_start_of_the_day_is_not_due_at_midnight_when_the_day_becomes_close() -> None:
    # The line moves on a Thursday. The service is back on the Monday before, at ten in the evening.
    heard_at, back = datetime(2026, 5, 21, 9, tzinfo=UTC), datetime(2026, 6, 1, 21, tzinfo=UTC)
    policies = (heard_at - DAY, CHOICES[2]), (back + HOUR, CHOICES[2])
    happened = history(*policies, down=(heard_at + HOUR, back), heard_at=heard_at)
    tuesday = datetime(2026, 6, 2, 9, tzinfo=UTC)
    assert judge(happened, tuesday + 6 * MINUTE) == []
    assert judge(happened, tuesday + HOUR)


@pytest.mark.parametrize(("after_pause", "is_needless"), [(-MINUTE, True), (timedelta(), False)])
def test_the_message_at_the_end_of_a_pause_repeats_none_that_came_during_it(
    after_pause: timedelta, is_needless: bool
) -> None:
    duty = Duty(resident(2), Heard(), Numbers())
    until = paused(duty, MONDAY_TEN + HOUR)
    pace = Pace()
    pace.accept(DESK, ["E08000035/1"], until - 10 * MINUTE)
    attempt = Happened(until + after_pause, What.ATTEMPT, DESK)
    assert (pace.why_needless(attempt, {"E08000035/1": duty}) is not None) is is_needless
