from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx import Response

from services.alerts.policy.councils import load_council, set_policy
from services.alerts.policy.policy import CouncilPolicy
from services.core.operator.contact_services import ContactServices
from services.storage.store import OperatorPolicy
from tests.scenarios.escalation.three_tiers import three_tiers
from tests.scenarios.policies.drawn_policies import drawn_policy
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.http import KEYS, Api, open_api, problem_of
from tests.support.one_line import ENTRY, notice

LATE = {"thresholds": [2, 0], "possible_thresholds": [2, 0], "repeat_days": {"2": 1, "0": 1}}
VACANT = {"label": "first line", "tier": "officers", "people": [None], "starts_on": "2026-11-16"}
SERVICES = ContactServices(mail_server="mailto://user:secret-word@mail.example", text_service="json://texts.example")


@pytest.fixture
def api(deployment: Deployment) -> Iterator[Api]:
    deployment.store = replace(deployment.store, policy=OperatorPolicy(services=SERVICES))
    set_policy(deployment.store, BLACKPOOL, three_tiers(), by="Asha Patel")
    with open_api(deployment) as opened:
        yield opened


def shown(api: Api) -> dict[str, Any]:
    answer: dict[str, Any] = api.ask("blackpool", "GET", "/v1/policy").json()
    return answer


def put(api: Api, policy: Any, version: int = 2, who: str = "blackpool", **query: Any) -> Response:
    body = {"by": "Asha Patel", "policy": policy}
    return api.ask(who, "PUT", "/v1/policy", json=body, params=query, headers={"If-Match": f'"{version}"'})


def stored(api: Api) -> CouncilPolicy:
    with api.deployment.store.reading() as connection:
        return load_council(connection, api.deployment.store, BLACKPOOL).policy


def field_of(answer: Response) -> str:
    assert problem_of(answer) == (422, "invalid-request")
    return str(answer.json()["faults"][0]["field"])


def test_the_policy_is_shown_with_its_version_and_without_an_address(api: Api) -> None:
    answer = api.ask("blackpool", "GET", "/v1/policy")
    assert answer.headers["ETag"] == '"2"'
    assert answer.json()["version"] == 2
    assert answer.json()["policy"]["tiers"][0]["contacts"][0]["address"] == "**********"
    assert "officer.example" not in answer.text


def test_what_is_shown_can_be_sent_back_and_keeps_every_address(api: Api) -> None:
    before = stored(api)
    answer = put(api, shown(api)["policy"])
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')
    assert stored(api) == before


@pytest.mark.parametrize("seed", range(6))
def test_any_policy_that_is_shown_and_sent_back_is_unchanged(api: Api, seed: int) -> None:
    made = drawn_policy(random.Random(seed))
    version = set_policy(api.deployment.store, BLACKPOOL, made, by="Asha Patel")
    before = stored(api)
    assert put(api, shown(api)["policy"], version).status_code == 200
    assert stored(api) == before


@pytest.mark.parametrize("who", [name for name in KEYS if name != "blackpool"])
def test_nobody_else_reads_or_replaces_it(api: Api, who: str) -> None:
    policy = shown(api)["policy"]
    for answer in (api.ask(who, "GET", "/v1/policy"), put(api, policy, 0, who)):
        if who == "cardiff":
            # Another council has a policy of its own.
            assert "officers" not in answer.text
        else:
            assert problem_of(answer) == (403, "forbidden")
    assert shown(api)["version"] == 2


def test_an_older_version_replaces_nothing(api: Api) -> None:
    assert put(api, shown(api)["policy"], 2).status_code == 200
    refused = put(api, shown(api)["policy"], 2)
    assert problem_of(refused) == (412, "version-changed")
    assert refused.json()["version"] == 3
    without = api.ask("blackpool", "PUT", "/v1/policy", json={"by": "Asha Patel", "policy": {}})
    assert field_of(without) == "header.if-match"


def test_cases_that_would_be_heard_later_are_confirmed_by_their_number(api: Api) -> None:
    api.deployment.put_entries(ENTRY)
    api.deployment.post_notices(notice(in_days=20))
    api.deployment.tick(seconds=31)
    late = shown(api)["policy"] | LATE
    refused = put(api, late)
    assert problem_of(refused) == (409, "cases-later")
    assert (refused.json()["later"], refused.json()["sooner"]) == (1, 0)
    assert problem_of(put(api, late, confirm_later=2)) == (409, "cases-later")
    assert shown(api)["version"] == 2
    done = put(api, late, confirm_later=1)
    assert (done.status_code, done.json()["changed_cases"], done.json()["version"]) == (200, 1, 3)
    assert {case.policy_version for case in api.deployment.cases()} == {3}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"thresholds": [7, 14, 0]}, "body.policy.thresholds"),
        ({"quiet_from": "22:00+01:00"}, "body.policy.quiet_from"),
        ({"near_days": -1}, "body.policy.near_days"),
        ({"tiers": [{"label": "a", "from_days": 5, "contacts": [7]}]}, "body.policy.tiers.0.contacts.0"),
        ({"tiers": "01632 960123"}, "body.policy.tiers"),
        ({"01632 960123": 1}, "body.policy"),
        ({"tiers": []}, "body.policy.tiers"),
    ],
)
def test_a_fault_names_its_field_and_repeats_no_value(api: Api, change: dict[str, Any], field: str) -> None:
    api.app.state.engine = replace(api.app.state.engine, fallback=())
    refused = put(api, shown(api)["policy"] | change)
    assert field_of(refused) == field
    assert "960123" not in refused.text
    assert shown(api)["version"] == 2


@pytest.mark.parametrize(
    ("channel", "address", "is_read"),
    [
        ("email", "New Desk <new@council.example>", True),
        ("sms", "07700 900123", True),
        ("email", "not an address", False),
        ("route", "mailto://relay.example?to=new@council.example", False),
        ("sms", "**********", False),
    ],
)
def test_a_new_address_is_checked_and_never_shown(api: Api, channel: str, address: str, is_read: bool) -> None:
    policy = shown(api)["policy"]
    policy["tiers"][1]["contacts"].append({"person": "new desk", "channel": channel, "address": address})
    answer = put(api, policy)
    if is_read:
        assert answer.status_code == 200, answer.text
        assert stored(api).tiers[1].contacts[1].person == "new desk"
    else:
        assert field_of(answer) == "body.policy.tiers.1.contacts.1.address"
    assert "new@council.example" not in answer.text
    assert "900123" not in answer.text


def test_the_contact_for_nights_keeps_its_address_too(api: Api) -> None:
    night = {"person": "night desk", "channel": "email", "address": "night@council.example"}
    assert put(api, shown(api)["policy"] | {"out_of_hours": night}).status_code == 200
    assert put(api, shown(api)["policy"], 3).status_code == 200
    kept = stored(api).out_of_hours
    assert kept is not None
    assert kept.address.get_secret_value() == "night@council.example"


def test_a_gap_in_cover_is_a_warning_that_names_the_days_and_who_fills_it(api: Api) -> None:
    answer = put(api, shown(api)["policy"] | {"rota": {"layers": [VACANT]}}).json()
    (warning,) = answer["warnings"]
    assert (warning["tier"], warning["filled_by"], warning["recipients"]) == ("officers", "other_contacts", ["officer"])
    assert (warning["days"][0], len(warning["days"])) == ("2026-11-23", 91)
    assert shown(api)["warnings"] == [warning]


def test_a_policy_without_contacts_is_saved_if_the_operator_has_one(api: Api) -> None:
    operator = api.deployment.fallback
    api.app.state.engine = replace(api.app.state.engine, fallback=operator)
    (warning,) = put(api, shown(api)["policy"] | {"tiers": []}).json()["warnings"]
    assert warning["text"] == "no tier has a contact: every message goes to the operator of Pullcord"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_answered_with_those_that_there_are(api: Api, method: str) -> None:
    answer = api.ask("blackpool", method, "/v1/policy")
    assert problem_of(answer) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, PUT"
