from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.command_line import ADDRESS, BLACKPOOL, Desk

LATE = {"thresholds": [2, 0], "possible_thresholds": [2, 0], "repeat_days": {"2": 1, "0": 1}}
VACANT = {"label": "first line", "tier": "duty", "people": ["duty desk", None], "starts_on": "2026-11-16"}


def stored(desk: Desk) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(desk.done("policy", "show", BLACKPOOL, "--json").out)
    return shown


def file_of(desk: Desk, **changes: Any) -> str:
    return desk.file("policy.json", json.dumps(stored(desk) | changes))


@pytest.fixture
def told(desk: Desk) -> Desk:
    desk.with_an_officer()
    return desk


def test_cases_that_would_be_heard_later_are_confirmed_by_their_number(told: Desk) -> None:
    told.with_a_case()
    file = file_of(told, **LATE)
    refused = told.run("policy", "set", BLACKPOOL, file)
    assert refused.code == 2
    assert "nothing is changed: the next message about 1 open case would come later than under" in refused.complaint
    assert "If this is right, give --confirm-later 1" in refused.complaint
    assert stored(told)["thresholds"] != LATE["thresholds"]
    other = told.run("policy", "set", BLACKPOOL, file, "--confirm-later", "2")
    assert "later than under the stored policy, and not about 2. If" in other.complaint
    done = told.done("policy", "set", BLACKPOOL, file, "--confirm-later", "1")
    assert "now has version 2 of its policy. 1 open case is told at another time by it." in done.words
    assert stored(told)["thresholds"] == LATE["thresholds"]


def test_a_contact_that_makes_cases_later_is_confirmed_too(told: Desk) -> None:
    told.done("policy", "contact", "add", BLACKPOOL, "--tier", "heads", "--person", "head", typing=f"{ADDRESS}\n")
    told.with_a_case()
    assert told.run("policy", "contact", "remove", BLACKPOOL, "--person", "head", "--confirm-later", "0").code == 0


def test_a_policy_by_which_nobody_is_told_is_refused(told: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_of(told, tiers=[])
    refused = told.run("policy", "set", BLACKPOOL, file)
    assert refused.code == 2
    assert "add a contact to a tier, or have the operator set PULLCORD_FALLBACK_ROUTES" in refused.complaint
    gone = told.run("policy", "contact", "remove", BLACKPOOL, "--person", "duty desk")
    assert "no tier has a contact" in gone.complaint
    monkeypatch.setenv("PULLCORD_FALLBACK_ROUTES", json.dumps([f"json://{BLACKPOOL}.example"]))
    warned = told.done("policy", "set", BLACKPOOL, file)
    assert "Warning: no tier has a contact: every message goes to the operator of Pullcord" in warned.complaint


def test_a_gap_in_cover_is_a_warning_that_names_the_days_and_who_fills_it(told: Desk) -> None:
    warned = told.done("policy", "set", BLACKPOOL, file_of(told, rota={"layers": [VACANT]}))
    assert "Warning: nobody of duty is on duty at some hours of 23 Nov 2026 to 30 Nov 2026; 7 Dec 2026" in (
        warned.complaint
    )
    assert "messages then go to the operator of Pullcord" in warned.complaint
    desk_only = VACANT | {"people": ["duty desk"]}
    assert "Warning" not in told.done("policy", "set", BLACKPOOL, file_of(told, rota={"layers": [desk_only]})).complaint
