from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from services.alerts.policy.policy_settings import CouncilPolicy
from tests.support.command_line import Desk

SUNDAY_EVENING = datetime(2026, 3, 22, 20, tzinfo=UTC)
LAYER = {"label": "first", "tier": "duty", "people": ["Asha", "Ben"], "starts_on": "2026-03-16"}
NIGHT = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{}\r\nDTSTART;TZID=Europe/London:20260328T220000\r\n"
    "DTEND;TZID=Europe/London:20260329T070000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def machine(empty_desk: Desk) -> Desk:
    empty_desk.clock.set(SUNDAY_EVENING)
    return empty_desk


def policy(**changes: Any) -> dict[str, Any]:
    contacts = [{"person": label, "channel": "email", "address": "**********"} for label in ("Asha", "Ben")]
    values: dict[str, Any] = json.loads(CouncilPolicy().model_dump_json())
    return values | {
        "tiers": [{"label": "duty", "from_days": 56, "contacts": contacts}],
        "rota": {"layers": [LAYER | changes]},
    }


def show(machine: Desk, values: Any, *options: str) -> str:
    return machine.done("rota", "show", machine.file("policy.json", json.dumps(values)), *options).words


def test_it_names_who_is_on_duty_now_and_next_without_a_deployment(machine: Desk) -> None:
    shown = show(machine, policy())
    assert "On duty at 22 Mar 2026 20:00" in shown
    assert "first duty Asha 16 Mar 2026 09:00 23 Mar 2026 09:00" in shown
    # After the clock change the handover is still at nine.
    assert "first duty Ben 23 Mar 2026 09:00 30 Mar 2026 09:00" in shown
    assert "next working day of the council starts on 23 Mar 2026 09:00" in shown
    assert "No gap in cover until 20 Jun 2026 21:00." in shown


def test_it_names_the_gaps_and_who_gets_messages_then(machine: Desk) -> None:
    values = policy(people=["Asha", None])
    shown = show(machine, values, "--days", "14")
    assert "1 gap in cover on 8 days" in shown
    assert "Mon 23 Mar 2026 09:00 30 Mar 2026 09:00 duty Ben (other contacts of the tier)" in shown
    values["tiers"][0]["contacts"].pop()
    assert "30 Mar 2026 09:00 duty the operator of Pullcord" in show(machine, values, "--days", "14")
    values["out_of_hours"] = "alarm centre"
    assert "30 Mar 2026 09:00 duty alarm centre (out-of-hours contact)" in show(machine, values, "--days", "14")


def test_only_nights_and_closed_days_need_cover_if_the_rota_says_so(machine: Desk) -> None:
    values = policy(ends_on="2026-03-23")
    values["rota"]["required"] = "out_of_hours"
    values["closures"] = [{"label": "training", "first": "2026-03-24"}]
    shown = show(machine, values, "--days", "3")
    assert "Mon 23 Mar 2026 22:00 25 Mar 2026 07:00" in shown
    assert "1 gap in cover on 3 days" in shown
    assert "Nobody is on duty now" not in shown


def test_the_shifts_go_out_as_a_calendar(machine: Desk) -> None:
    out = machine.folder / "rota.ics"
    assert "2 shifts written to" in show(machine, policy(), "--days", "5", "--ical", str(out))
    assert [str(one["SUMMARY"]) for one in Calendar.from_ical(out.read_bytes()).walk("VEVENT")] == ["Asha", "Ben"]


def test_overrides_of_a_calendar_are_tried_without_being_stored(machine: Desk) -> None:
    night = machine.file("night.ics", NIGHT.format("Asha"))
    machine.clock.set(datetime(2026, 3, 28, 23, tzinfo=UTC))
    assert "Asha (override) 28 Mar 2026 22:00 29 Mar 2026 07:00" in show(machine, policy(), "--overrides", night)
    assert "override" not in show(machine, policy())


def test_an_unknown_contact_in_a_calendar_is_refused_by_event(machine: Desk) -> None:
    night = machine.file("night.ics", NIGHT.format("Someone Else"))
    printed = machine.run("rota", "show", machine.file("policy.json", json.dumps(policy())), "--overrides", night)
    assert printed.code == 2
    assert "event 1 (28 Mar 2026 22:00): its summary is the label of no contact" in printed.complaint


def test_the_example_of_the_documentation_is_a_rota(machine: Desk) -> None:
    page = (Path(__file__).parents[4] / "docs" / "operations.md").read_text("utf-8")
    example = page.partition("## Rota")[2].partition("```json")[2].partition("```")[0]
    assert "On duty at" in show(machine, json.loads(example))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("{", "not JSON"),
        ([], "has no rota"),
        (json.loads(CouncilPolicy().model_dump_json()), "has no rota"),
        (policy() | {"quiet_hours": 1}, "a member that no policy has"),
        (policy() | {"tiers": 3}, "tiers: "),
        (policy() | {"rota": {"layers": []}}, "rota.layers: "),
        (policy() | {"rota": {"layers": [LAYER, LAYER]}}, "rota.layers: each layer needs a label of its own"),
        (policy(handover="9 o'clock"), "rota.layers.0.handover: "),
        (policy(handover="09:00Z"), "rota.layers.0.handover: is a local time: give it without a time zone"),
        (policy(people=["Carol"]), "rota.layers.0.people.0: is the label of no contact of the layer's tier"),
        (policy(tier="night"), "rota.layers.0.tier: is the label of no tier"),
        (policy(ends_on="2026-03-16"), "ends_on: must be after starts_on"),
        (policy(hours={"begins": "22:00", "ends": "07:00", "weekdays": ["mon"]}), "hours.weekdays.0: "),
        (policy() | {"closures": [{"label": "x", "first": "2026-03-24", "last": "2026-03-23"}]}, "closures.0: last: "),
    ],
)
def test_a_faulty_rota_is_refused_with_the_field_and_the_remedy(machine: Desk, values: Any, said: str) -> None:
    text = values if isinstance(values, str) else json.dumps(values)
    printed = machine.run("rota", "show", machine.file("policy.json", text))
    assert (printed.code, said in printed.complaint) == (2, True), printed.complaint


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ({"layer": "second"}, "overrides.0.layer: is the label of no layer"),
        ({"person": "Carol"}, "rota.overrides.0.person: is the label of no contact"),
        ({"ends": "2026-03-24T09:00"}, "rota.overrides.0: ends: must be after begins"),
        ({"ends": "2027-03-24T09:00"}, "change the layer instead"),
        ({"begins": "24 March"}, "rota.overrides.0.begins: "),
        ({"begins": 5}, "write it as 2026-12-24T09:00"),
    ],
)
def test_a_faulty_override_is_refused_with_the_field_and_the_remedy(
    machine: Desk, override: dict[str, Any], said: str
) -> None:
    values = policy()
    right = {"layer": "first", "person": "Ben", "begins": "2026-03-24T09:00", "ends": "2026-03-25T09:00"}
    values["rota"]["overrides"] = [right | override]
    printed = machine.run("rota", "show", machine.file("policy.json", json.dumps(values)))
    assert (printed.code, said in printed.complaint) == (2, True), printed.complaint
