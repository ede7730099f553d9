from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from httpx import Response

from services.core.audit import AuditAction
from services.storage.feeds import set_contact
from tests.support.http import ENTRIES, ENTRY, MATCH, NOTICE, NOTICES, Api, problem_of
from tests.support.ledger import said

BY = {"by": "Asha Patel"}


def record(api: Api, case: str, event: str, **fields: str) -> Response:
    return api.ask("blackpool", "POST", f"/v1/cases/{case}/events", json={"event": event, "record": {**BY, **fields}})


def test_a_case_is_listed_without_anybodys_number_or_address(api: Api) -> None:
    case, _, _ = api.alerted_case()
    response = api.ask("blackpool", "GET", "/v1/cases")
    (listed,) = response.json()
    assert (listed["case"], listed["entry_id"], listed["state"]) == (case, "e1", "open")
    assert (listed["level"], listed["harm_on"], listed["provider"]) == ("confirmed", "2026-12-03", "Raven Telecom")
    assert not any(value in response.text for value in ("960123", "Tower Road", "FY3"))


def test_cases_are_listed_by_the_earliest_harm_and_by_state(api: Api) -> None:
    days = {"late": "2027-02-01", "early": "2026-12-01", "middle": "2027-01-15"}
    for number, (name, day) in enumerate(days.items()):
        cli = f"01632 9602{number:02}"
        api.ask("blackpool", "PUT", ENTRIES, json={"entry_id": name, "cli": cli})
        api.ask("raven", "POST", NOTICES, json={"id": name, "cli": cli, "planned_migration_date": day})
    api.deployment.tick(seconds=31)
    listed = api.ask("blackpool", "GET", "/v1/cases").json()
    assert [case["entry_id"] for case in listed] == ["early", "middle", "late"]
    assert [case["entry_id"] for case in api.ask("blackpool", "GET", "/v1/cases?limit=1").json()] == ["early"]
    record(api, listed[1]["case"], "book_visit", visit_on="2026-12-02")
    booked = api.ask("blackpool", "GET", "/v1/cases?state=visit_booked").json()
    assert [case["entry_id"] for case in booked] == ["middle"]


def test_ended_cases_are_listed_when_asked_for(api: Api) -> None:
    api.alerted_case()
    api.ask(
        "blackpool", "POST", f"/v1/matches/{MATCH}/decision", json={**BY, "decision": "rejected", "evidence": "No."}
    )
    api.deployment.tick(seconds=31)
    assert api.ask("blackpool", "GET", "/v1/cases").json() == []
    assert [case["state"] for case in api.ask("blackpool", "GET", "/v1/cases?ended=true").json()] == ["false_match"]
    assert len(api.ask("blackpool", "GET", "/v1/cases?state=false_match").json()) == 1


def test_its_own_council_is_shown_the_place_the_matches_and_the_history_of_a_case(api: Api) -> None:
    case, _, _ = api.alerted_case()
    shown = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()
    assert shown["place"]["telephone_numbers"] == ["01632 960123"]
    assert shown["place"]["address_lines"] == ["12 Tower Road"]
    assert shown["place"]["postcode"] == "FY3 8AB"
    assert [(match["match"], match["level"], match["decision"]) for match in shown["matches"]] == [
        (MATCH, "confirmed", "undecided")
    ]
    assert [event["action"] for event in shown["history"]] == ["case_opened"]


def test_a_case_has_the_alarm_and_what_is_needed_to_ask_the_provider(api: Api) -> None:
    case, _, _ = api.alerted_case()
    set_contact(api.deployment.store, "provider:RAVN", "migrations@raven.example")
    shown = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()
    assert shown["device"].keys() == {"device_kind", "make_model", "connection", "protocol", "arc_name"}
    (match,) = shown["matches"]
    assert (match["provider_reference"], match["provider_contact"]) == ("n1", "migrations@raven.example")


@pytest.mark.parametrize("more", [0, 1, 7, 23])
def test_what_a_council_sees_of_a_case_does_not_count_the_records_of_others(api: Api, more: int) -> None:
    others = [{**ENTRY, "entry_id": f"x{number}", "cli": f"01632 9602{number:02}"} for number in range(more)]
    api.deployment.put_entries(*others) if others else None
    case, _, _ = api.alerted_case()
    shown = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()
    assert re.fullmatch(r"M(-[2-9A-HJ-NP-Z]{4}){4}", shown["matches"][0]["match"])
    assert {"entry", "notice"}.isdisjoint(name for event in shown["history"] for name in event["fields"])


@pytest.mark.parametrize("spelt", ["{0}", "{1}"], ids=["as printed", "in lower case"])
def test_a_reference_is_read_as_people_type_it(api: Api, spelt: str) -> None:
    case, _, _ = api.alerted_case()
    assert api.ask("blackpool", "GET", "/v1/cases/" + spelt.format(case, case.lower())).status_code == 200


def test_what_was_done_is_recorded_with_who_did_it_and_moves_the_case(api: Api) -> None:
    case, _, _ = api.alerted_case()
    steps = [
        ("contact_resident", {"method": "call"}, "resident_contacted"),
        ("book_visit", {"visit_on": "2026-11-25"}, "visit_booked"),
        ("fit_solution", {"kind": "digital"}, "solution_fitted"),
        ("pass_test", {"arc_name": "Tower ARC", "at": "2026-11-23T09:00:00Z", "tested_by": "Jo Field"}, "test_passed"),
        ("confirm_safe", {"party": "provider", "evidence": "proved with the engineer"}, "confirmed_safe"),
    ]
    for event, fields, state in steps:
        answer = record(api, case, event, **fields)
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    history = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()["history"]
    assert [event["by"] for event in history] == [None, *["Asha Patel"] * 5]
    assert history[-1]["record"]["evidence"] == "proved with the engineer"
    api.deployment.tick(days=5)
    assert len(api.deployment.mails()) == 1


def test_an_act_that_makes_no_sense_is_refused_with_those_that_a_person_can_record(api: Api) -> None:
    case, _, _ = api.alerted_case()
    hold = {"provider_reference": "H-1", "ends_on": "2026-12-24"}
    refused = record(api, case, "pass_post_check", arc_name="ARC", at="2026-11-23T09:00:00Z", tested_by="Jo Field")
    assert problem_of(refused) == (409, "act-refused")
    assert "confirm_hold" in refused.json()["acts"]
    assert record(api, case, "confirm_hold", **hold).json()["state"] == "hold_confirmed"


@pytest.mark.parametrize("spelt", [str, str.lower])
def test_an_acknowledgement_pauses_the_messages_and_names_who_gave_it(api: Api, spelt: Callable[[str], str]) -> None:
    case, alert, _ = api.alerted_case()
    answer = api.ask("blackpool", "POST", f"/v1/alerts/{spelt(alert)}/acknowledgement", json={**BY, "note": "going"})
    assert answer.status_code == 200
    assert [row["alert"] for row in said(api.deployment, AuditAction.ALERT_ACKNOWLEDGED)] == [alert]
    assert (answer.json()["alert"], answer.json()["cases"]) == (alert, [case])
    assert answer.json()["paused_until"] > "2026-11-23"
    shown = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()
    assert shown["summary"]["state"] == "acknowledged"
    assert shown["history"][-1]["by"] == "Asha Patel"


def test_some_cases_of_an_alert_can_be_acknowledged_by_name(api: Api) -> None:
    api.deployment.put_entries(*({"entry_id": f"e{one}", "cli": f"01632 96030{one}"} for one in range(3)))
    notices = ({**NOTICE, "id": f"n{one}", "cli": f"01632 96030{one}"} for one in range(3))
    api.deployment.post_notices(*notices)
    api.deployment.tick(seconds=31)
    alert = api.deployment.mails()[-1].reference.split(".")[0]
    first = api.ask("blackpool", "GET", "/v1/cases").json()[0]["case"]
    answer = api.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json={**BY, "cases": [first.lower()]})
    assert answer.json()["cases"] == [first]
    assert [case["state"] for case in api.ask("blackpool", "GET", "/v1/cases?state=open").json()] == ["open"] * 2


def test_an_alert_of_which_nothing_is_open_is_acknowledged_for_no_case(api: Api) -> None:
    case, alert, _ = api.alerted_case()
    record(api, case, "confirm_safe", party="provider", evidence="proved")
    answer = api.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json=BY)
    assert answer.json() == {"alert": alert, "cases": [], "paused_until": None}


def test_a_match_is_confirmed_or_rejected_by_a_named_person(api: Api) -> None:
    api.ask("blackpool", "PUT", ENTRIES, json={**ENTRY, "cli": "01632 960999", "uprn": "100012345678"})
    api.ask("raven", "POST", NOTICES, json={**NOTICE, "uprn": "100012345678"})
    api.deployment.tick(seconds=31)
    (case,) = api.ask("blackpool", "GET", "/v1/cases").json()
    assert case["level"] == "probable"
    decision = {**BY, "decision": "confirmed", "evidence": "the resident gave both numbers"}
    assert api.ask("blackpool", "POST", f"/v1/matches/{MATCH}/decision", json=decision).status_code == 204
    api.deployment.settle()
    (match,) = api.ask("blackpool", "GET", f"/v1/cases/{case['case']}").json()["matches"]
    assert match["decision"] == "confirmed"
    assert api.ask("blackpool", "GET", "/v1/cases").json()[0]["state"] == "open"
