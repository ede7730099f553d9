from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.alerts.policy.rota.shifts import on_duty
from services.core.clock import LONDON
from services.runtime.cli.commands.parties.council_policy import find_council_of
from tests.support.command_line import ADDRESS, BLACKPOOL, Desk

PEOPLE = ("Asha", "Ben", "Cerys")
LAYER = {"label": "first", "tier": "duty", "people": ["Asha", "Ben"], "starts_on": "2026-11-16"}


def event(who: str, begins: datetime, hours: int) -> str:
    ends = begins + timedelta(hours=hours)
    times = "".join(
        f"{name};TZID=Europe/London:{at:%Y%m%dT%H%M%S}\r\n" for name, at in (("DTSTART", begins), ("DTEND", ends))
    )
    return f"BEGIN:VEVENT\r\nSUMMARY:{who}\r\n{times}END:VEVENT\r\n"


def calendar(*events: str) -> str:
    return f"BEGIN:VCALENDAR\r\n{''.join(events)}END:VCALENDAR\r\n"


NIGHT = calendar(event("Cerys", datetime(2026, 11, 28, 22), 9))  # noqa: DTZ001 - a local time


def stored(desk: Desk) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(desk.done("policy", "show", BLACKPOOL, "--json").out)
    return shown


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    for who in PEOPLE:
        desk.done("policy", "contact", "add", BLACKPOOL, "--person", who, typing=f"{who.lower()}.{ADDRESS}\n")
    return desk


@pytest.fixture
def rota(staffed: Desk) -> Desk:
    file = staffed.file("policy.json", json.dumps(stored(staffed) | {"rota": {"layers": [LAYER]}}))
    staffed.done("policy", "set", BLACKPOOL, file)
    return staffed


def test_the_rota_of_the_stored_policy_is_shown(rota: Desk) -> None:
    shown = rota.done("rota", "show", BLACKPOOL).words
    assert "On duty at 23 Nov 2026 10:00" in shown
    assert "first duty Ben 23 Nov 2026 09:00 30 Nov 2026 09:00" in shown
    assert "No gap in cover until" in shown


def test_a_council_without_a_rota_hears_how_to_give_one(staffed: Desk) -> None:
    for command in (("show", BLACKPOOL), ("import", BLACKPOOL, staffed.file("night.ics", NIGHT))):
        refused = staffed.run("rota", *command)
        assert refused.code == 2
        assert "has no rota: add a member `rota`" in refused.complaint


def test_a_calendar_is_added_to_the_stored_rota_once(rota: Desk) -> None:
    file = rota.file("night.ics", NIGHT)
    added = rota.done("rota", "import", BLACKPOOL, file)
    assert "1 override of the calendar added." in added.complaint
    assert "now has version 5 of its policy." in added.words
    rota.clock.advance(days=5, hours=14)
    assert "first duty Cerys (override) 28 Nov 2026 22:00" in rota.done("rota", "show", BLACKPOOL).words
    again = rota.done("rota", "import", BLACKPOOL, file)
    assert "0 overrides of the calendar added." in again.complaint
    assert again.words == ""
    assert len(stored(rota)["rota"]["overrides"]) == 1


def test_a_calendar_that_names_nobody_of_the_policy_changes_nothing(rota: Desk) -> None:
    before = stored(rota)
    stranger = rota.file("x.ics", calendar(event("Dai", datetime(2026, 11, 28, 22), 9)))  # noqa: DTZ001
    assert "its summary is the label of no contact" in rota.run("rota", "import", BLACKPOOL, stranger).complaint
    assert stored(rota) == before


@pytest.mark.parametrize("seed", range(3))
def test_whoever_takes_over_by_a_calendar_is_on_duty_by_the_stored_policy(rota: Desk, seed: int) -> None:
    dice = random.Random(seed)
    days = sorted(dice.sample(range(1, 80), 12))
    taken = [
        (dice.choice(PEOPLE), datetime.combine(date(2026, 11, 24), datetime.min.time()) + timedelta(days=day, hours=10))
        for day in days
    ]
    rota.done("rota", "import", BLACKPOOL, rota.file("c.ics", calendar(*(event(who, at, 8) for who, at in taken))))
    with rota.store() as store:
        saved = find_council_of(store, BLACKPOOL).policy.rota
    assert saved is not None
    for who, at in taken:
        present = on_duty(saved, (at + timedelta(hours=4)).replace(tzinfo=LONDON))
        assert [one.person for one in present] == [who]
