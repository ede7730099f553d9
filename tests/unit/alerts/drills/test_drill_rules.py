from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from services.alerts.delivery.drills.rules import (
    WINDOW,
    answer_due,
    drill_month,
    ends_at,
    may_begin,
    next_step,
    urgent_until,
)
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.clock import LONDON
from services.core.days.closures import Closure

DESK = Contact(person="desk", channel="route", address="mailto://desk.example")
DEPUTY = Contact(person="deputy", channel="route", address="mailto://deputy.example")
HEAD = Contact(person="head", channel="route", address="mailto://head.example")
TIERS = (
    Tier(label="duty", from_days=56, contacts=(DESK,)),
    Tier(label="deputy", from_days=28, contacts=(DEPUTY,)),
    Tier(label="head", from_days=7, contacts=(HEAD,)),
)
EVERYBODY = frozenset({DESK, DEPUTY, HEAD})
TUESDAY = datetime(2026, 12, 1, 11, tzinfo=UTC)


def policy(**settings: Any) -> CouncilPolicy:
    return CouncilPolicy(**{"tiers": TIERS, **settings})


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "begins"),
    [
        ("2026-12-01T10:59:59", False),
        ("2026-12-01T11:00:00", True),
        ("2026-12-01T11:59:59", True),
        ("2026-12-01T12:00:00", False),
        # A drill that has not begun yet may begin on a later working day of the month.
        ("2026-12-18T11:30:00", True),
        ("2026-12-19T11:30:00", False),
        ("2026-12-25T11:30:00", False),
        # A bank holiday in place of Boxing Day.
        ("2026-12-28T11:30:00", False),
        ("2026-12-31T11:30:00", True),
        ("2027-01-01T11:30:00", False),
        # In summer the hour is the same on the clock on the wall.
        ("2027-07-01T11:00:00", True),
        ("2027-07-01T10:59:00", False),
    ],
)
def test_a_drill_begins_at_its_hour_on_a_working_day(moment: str, *, begins: bool) -> None:
    assert may_begin(policy(), local(moment)) is begins


@pytest.mark.parametrize(("day", "begins"), [("2027-02-02", False), ("2027-02-03", True), ("2027-02-04", True)])
def test_it_does_not_begin_before_the_working_day_of_the_policy(day: str, *, begins: bool) -> None:
    assert may_begin(policy(drill_working_day=3), local(f"{day}T11:00:00")) is begins


def test_a_day_on_which_the_council_is_closed_is_no_working_day() -> None:
    closed = policy(closures=(Closure(first=date(2026, 12, 1), last=date(2026, 12, 2), label="move"),))
    days = [local(f"2026-12-{day:02}T11:00:00") for day in (1, 2, 3)]
    assert [may_begin(closed, day) for day in days] == [False, False, True]


@pytest.mark.parametrize(
    "settings",
    [
        {"day_starts": time(20), "drill_hours_after_start": 2},
        {"day_starts": time(18), "drill_hours_after_start": 8},
    ],
)
def test_an_hour_that_would_be_at_night_is_the_start_of_the_day(settings: dict[str, Any]) -> None:
    late = policy(**settings)
    assert may_begin(late, local(f"2026-12-01T{settings['day_starts']:%H:%M}:00"))
    assert not may_begin(late, local("2026-12-01T22:30:00"))
    assert not may_begin(late, local("2026-12-02T02:00:00"))


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
def test_the_hour_holds_on_a_day_on_which_the_clocks_change(day: str) -> None:
    # Both are Sundays, on which a control room works. The clocks change at one o'clock.
    room = policy(works_every_day=True, day_starts=time(0, 30), quiet_from=time(), quiet_until=time())
    begins = local(f"{day}T02:30:00")
    assert may_begin(room, begins)
    assert not may_begin(room, begins - timedelta(seconds=1))
    assert not may_begin(room, begins + WINDOW)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-12-01T11:00:00", "2026-12-02T11:00:00"),
        ("2026-12-04T11:00:00", "2026-12-07T11:00:00"),
        ("2026-12-24T11:00:00", "2026-12-29T11:00:00"),
        # The clocks go forward and back over these weekends.
        ("2027-03-25T11:00:00", "2027-03-30T11:00:00"),
        ("2027-10-29T11:00:00", "2027-11-01T11:00:00"),
    ],
)
def test_an_answer_is_due_at_the_same_time_on_the_next_working_day(asked: str, due: str) -> None:
    assert answer_due(policy(), local(asked)) == local(due)


def test_a_drill_that_failed_ends_with_its_links_and_leaves_a_working_day_for_a_late_answer() -> None:
    links = timedelta(hours=72)
    assert ends_at(policy(), TUESDAY, links, TUESDAY + timedelta(days=1)) == TUESDAY + links
    # Asked on the day before Christmas, failed on Tuesday the 29th.
    asked, failed = local("2026-12-24T11:00:00"), local("2026-12-29T11:00:00")
    assert ends_at(policy(), asked, links, failed) == local("2026-12-30T11:00:00")


def test_the_month_is_that_of_london() -> None:
    assert drill_month(datetime(2027, 6, 30, 23, 30, tzinfo=UTC)) == "2027-07"


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-12-01T11:00:00", date(2026, 12, 3)),
        # Two working days over a weekend and over Christmas.
        ("2026-12-04T11:00:00", date(2026, 12, 8)),
        ("2026-12-24T11:00:00", date(2026, 12, 30)),
    ],
)
def test_a_case_is_urgent_while_two_working_days_or_fewer_are_left(moment: str, until: date) -> None:
    assert urgent_until(policy(), local(moment)) == until


def test_tiers_are_asked_one_after_another() -> None:
    asked: list[tuple[str, str]] = []
    found, level = [], 0
    while (step := next_step(policy(), level, EVERYBODY, asked, TUESDAY)) is not None:
        found.append([one.person for one in step.contacts])
        asked += [(one.person, one.channel) for one in step.contacts]
        level = step.level
    assert (found, level) == ([["desk"], ["deputy"], ["head"]], 3)


def test_an_address_that_nobody_verified_covers_for_nobody() -> None:
    step = next_step(policy(), 0, {DEPUTY}, (), TUESDAY)
    assert step is not None
    assert (step.level, [one.person for one in step.contacts]) == (2, ["desk", "deputy"])


def test_a_person_who_was_asked_is_not_asked_again() -> None:
    tiers = (*TIERS[:1], Tier(label="again", from_days=28, contacts=(DESK,)), TIERS[2])
    step = next_step(policy(tiers=tiers), 1, EVERYBODY, [("desk", "route")], TUESDAY)
    assert step is not None
    assert (step.level, [one.person for one in step.contacts]) == (3, ["head"])


@pytest.mark.parametrize("tiers", [(), (Tier(label="duty", from_days=56, contacts=()),)])
def test_a_council_without_contacts_asks_nobody(tiers: tuple[Tier, ...]) -> None:
    assert next_step(policy(tiers=tiers), 0, EVERYBODY, (), TUESDAY) is None
