"""Tests rules of the judge that a simulated month meets only rarely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.simulation.judging.bounds import HOUR, MINUTE, day_of
from tests.simulation.judging.duty import Duty, Heard
from tests.simulation.judging.resident import Resident
from tests.simulation.surroundings.rules import Numbers

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
