from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.runtime.app import make_app
from services.runtime.embedded.runner import EmbeddedRunner
from services.storage.secrets.keys import Role, create_key, revoke_key
from tests.support.deployment import RAVEN
from tests.support.http import (
    CSV,
    ENTRIES,
    KEYS,
    MATCH,
    NO_MATCH,
    NOTICE_UPLOADS,
    NOTICES,
    REGISTER_UPLOADS,
    Api,
    problem_of,
)

CONTACT = f"/v1/contacts/{'0' * 32}"
OF_PROVIDERS = [("POST", NOTICES), ("POST", NOTICE_UPLOADS)]
OF_COUNCILS = [
    ("PUT", ENTRIES),
    ("POST", REGISTER_UPLOADS),
    ("DELETE", f"{ENTRIES}/e1"),
    ("GET", "/v1/cases"),
    ("GET", "/v1/matching"),
    ("GET", "/v1/matches"),
    ("GET", "/v1/cases/C-2222-2222"),
    ("POST", "/v1/cases/C-2222-2222/events"),
    ("POST", "/v1/alerts/A-2222-2222/acknowledgement"),
    ("POST", "/v1/alerts/A-2222-2222/link/revocation"),
    ("POST", f"/v1/matches/{MATCH}/decision"),
    ("GET", "/v1/cases/C-2222-2222/matches"),
    ("GET", "/v1/cases/C-2222-2222/history"),
    ("GET", "/v1/contacts"),
    ("GET", CONTACT),
    ("POST", f"{CONTACT}/test"),
    ("POST", f"{CONTACT}/code"),
    ("POST", f"{CONTACT}/verification"),
    ("GET", "/v1/cases/C-2222-2222/preview"),
    ("GET", "/v1/policy"),
    ("PUT", "/v1/policy"),
    ("POST", "/v1/drills"),
    ("POST", "/v1/drills/D-2222-2222/answer"),
]
OF_COUNCILS_AND_OPERATORS = [("GET", "/v1/drills")]
OF_BOTH = [
    ("GET", "/v1/submissions/sub_0"),
    ("GET", "/v1/mappings"),
    ("DELETE", "/v1/mappings/column/lifelineno"),
]
OF_REGULATORS = [("GET", "/v1/oversight/figures"), ("GET", "/metrics/oversight")]
OF_NOTIFY = ("POST", "/v1/receipts/notify")  # has a token of its own: test_receipts_of_notify.py
EVERY_ROUTE = [*OF_PROVIDERS, *OF_COUNCILS, *OF_COUNCILS_AND_OPERATORS, *OF_BOTH, *OF_REGULATORS]
BODIES = {
    "/v1/policy": {"by": "Asha Patel", "policy": {}},
    "/v1/cases/C-2222-2222/events": {"event": "decline", "record": {"by": "Asha Patel"}},
    "/v1/alerts/A-2222-2222/acknowledgement": {"by": "Asha Patel"},
    "/v1/alerts/A-2222-2222/link/revocation": {"by": "Asha Patel"},
    f"{CONTACT}/test": {"by": "Asha Patel"},
    f"{CONTACT}/code": {"by": "Asha Patel"},
    f"{CONTACT}/verification": {"by": "Asha Patel", "code": "123456"},
    "/v1/drills": {"by": "Asha Patel"},
    "/v1/drills/D-2222-2222/answer": {"by": "Asha Patel"},
    f"/v1/matches/{MATCH}/decision": {"decision": "rejected", "by": "Asha Patel", "evidence": "wrong house"},
}


def answer_to(api: Api, who: str | None, method: str, path: str, **headers: str) -> tuple[int, str]:
    if path in BODIES:
        return problem_of(api.ask(who, method, path, json=BODIES[path], headers=headers))
    return problem_of(api.ask(who, method, path, headers=headers))


def without_ids(answer: Response) -> dict[str, Any]:
    # Problems have different request ids.
    return {name: value for name, value in answer.json().items() if name not in ("instance", "request_id")}


def test_the_routes_named_here_are_all_there_are(api: Api) -> None:
    described = {
        (
            method.upper(),
            path.format(
                council="E06000009",
                entry_id="e1",
                submission="sub_0",
                match=MATCH,
                reference="",
                what="column",
                word="lifelineno",
                contact="0" * 32,
                drill="D-2222-2222",
            ),
        )
        for path, methods in api.app.openapi()["paths"].items()
        for method in methods
    }
    assert described - {OF_NOTIFY} == {
        (method, path.replace("C-2222-2222", "").replace("A-2222-2222", "")) for method, path in EVERY_ROUTE
    }


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
def test_without_a_key_or_with_a_wrong_or_revoked_one_nothing_opens(api: Api, method: str, path: str) -> None:
    key = create_key(api.deployment.store, Role.PROVIDER, RAVEN, "to be revoked")
    revoke_key(api.deployment.store, key.split(".")[1])
    assert answer_to(api, None, method, path) == (401, "unauthenticated")
    assert answer_to(api, None, method, path, Authorization="Bearer pcd.0.0") == (401, "unauthenticated")
    assert answer_to(api, None, method, path, Authorization=f"Bearer {key}") == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
def test_a_key_that_has_ended_opens_nothing_and_its_holder_is_told_on_which_day(
    api: Api, method: str, path: str
) -> None:
    key = create_key(api.deployment.store, Role.PROVIDER, RAVEN, "for a day", lasts=timedelta(days=1))
    api.deployment.clock.advance(days=1)
    answer = api.ask(None, method, path, headers={"Authorization": f"Bearer {key}"})
    assert problem_of(answer) == (401, "unauthenticated")
    assert answer.json()["detail"] == (
        "this key ended on 24 November 2026: ask whoever runs this Pullcord for a new one"
    )
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_that_has_ended_and_its_like_that_never_was_look_alike_without_the_secret(api: Api) -> None:
    key_id = create_key(api.deployment.store, Role.PROVIDER, RAVEN, "for a day", lasts=timedelta(days=1)).split(".")[1]
    api.deployment.clock.advance(days=1)
    ended, never = (
        api.ask(None, "POST", NOTICES, headers={"Authorization": f"Bearer pcd.{one}.0"}) for one in (key_id, "0")
    )
    assert without_ids(ended) == without_ids(never)


@pytest.mark.parametrize("who", ["blackpool", "regulator", "operator"])
@pytest.mark.parametrize(("method", "path"), OF_PROVIDERS)
def test_only_a_provider_posts_notices(api: Api, who: str, method: str, path: str) -> None:
    assert answer_to(api, who, method, path) == (403, "forbidden")


@pytest.mark.parametrize("who", ["raven", "regulator", "operator"])
@pytest.mark.parametrize(("method", "path"), OF_COUNCILS)
def test_only_a_council_sends_registers_and_works_on_cases(api: Api, who: str, method: str, path: str) -> None:
    assert answer_to(api, who, method, path) == (403, "forbidden")


@pytest.mark.parametrize("who", ["regulator", "operator"])
def test_submissions_are_shown_to_those_who_send_them(api: Api, who: str) -> None:
    assert answer_to(api, who, "GET", "/v1/submissions/sub_0") == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", ENTRIES), ("POST", REGISTER_UPLOADS), ("DELETE", f"{ENTRIES}/e1")]
)
def test_a_council_writes_to_its_own_register_only(api: Api, method: str, path: str) -> None:
    sent = {"content": b"Case ID,Tel No\r\ne1,01632 960123\r\n", "headers": {"Content-Type": CSV}}
    assert problem_of(api.ask("cardiff", method, path, **sent)) == (403, "forbidden")


def test_a_submission_of_another_is_as_unknown_as_one_that_is_none(api: Api) -> None:
    notice = {"id": "n1", "cli": "01632 960123"}
    submission = api.ask("raven", "POST", NOTICES, json=notice).json()["submission"]
    for who in ("harbour", "blackpool", "cardiff"):
        theirs = api.ask(who, "GET", f"/v1/submissions/{submission}")
        none = api.ask(who, "GET", "/v1/submissions/sub_0")
        assert problem_of(theirs) == (404, "not-found")
        assert without_ids(theirs) == without_ids(none)


def test_the_entry_of_another_council_is_as_unknown_as_one_that_is_none(api: Api) -> None:
    api.ask("blackpool", "PUT", ENTRIES, json={"entry_id": "e1", "cli": "01632 960123"})
    entries = ENTRIES.replace("E06000009", "W06000015")
    theirs = api.ask("cardiff", "DELETE", f"{entries}/e1")
    none = api.ask("cardiff", "DELETE", f"{entries}/e2")
    assert problem_of(theirs) == problem_of(none) == (404, "not-found")
    assert without_ids(theirs) == without_ids(none)


def test_the_case_the_alert_and_the_match_of_another_council_are_as_unknown_as_none(api: Api) -> None:
    case, alert, _ = api.alerted_case()
    places = [
        ("GET", "/v1/cases/{}", case, "C-2222-2222"),
        ("POST", "/v1/cases/{}/events", case, "C-2222-2222"),
        ("POST", "/v1/alerts/{}/acknowledgement", alert, "A-2222-2222"),
        ("POST", "/v1/alerts/{}/link/revocation", alert, "A-2222-2222"),
        ("POST", "/v1/matches/{}/decision", MATCH, NO_MATCH),
    ]
    for method, path, theirs, none in places:
        body = BODIES.get(path.format(MATCH if "matches" in path else none))
        sent = {"json": body} if body else {}
        answers = [api.ask("cardiff", method, path.format(one), **sent) for one in (theirs, none)]
        assert [problem_of(answer) for answer in answers] == [(404, "not-found")] * 2
        assert without_ids(answers[0]) == without_ids(answers[1])
    assert api.ask("cardiff", "GET", "/v1/cases?ended=true").json() == []
    assert len(api.ask("blackpool", "GET", "/v1/cases").json()) == 1


def test_a_provider_withdraws_no_notice_of_another_by_its_reference(api: Api) -> None:
    notice = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03"}
    api.ask("raven", "POST", NOTICES, json=notice)
    answer = api.ask("harbour", "POST", NOTICES, json={**notice, "id": "h1", "status": "withdrawn", "supersedes": "n1"})
    assert answer.status_code == 202
    api.deployment.put_entries({"entry_id": "e1", "cli": "01632 960123"})
    api.deployment.tick(seconds=31)
    assert [case["state"] for case in api.ask("blackpool", "GET", "/v1/cases").json()] == ["open"]


KEY_PLACES = ("Authorization", "authorization", "X-Api-Key", "Proxy-Authorization", "Cookie", "the query")
SCHEMES = ("Bearer ", "bearer ", "BEARER ", "Basic ", "Token ", "Bearer", "Bearer Bearer ", "key=", "")
METRICS_PATHS = ("/metrics", "/metrics/", "//metrics", "/metrics/x", "/METRICS", "/metrics%2f", "/v1/metrics")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"metrics_port": 9464},
    {"metrics_port": 9464, "host": "0.0.0.0"},
    {"port": 9464},
    {"host": "::"},
)
CALLERS = (*KEYS, "revoked", "expired", "made up", "empty", "name")
CHANGES: dict[str, Callable[[str], str]] = {
    "whole": lambda key: key,
    "cut short": lambda key: key[:-1],
    "one letter more": lambda key: f"{key}x",
    "in capitals": str.upper,
    "without its end": lambda key: key.rpartition(".")[0],
    "only its end": lambda key: key.rpartition(".")[2],
    "twice": lambda key: f"{key} {key}",
    "with a comma": lambda key: f"{key},{key}",
}


@pytest.fixture
def deployments(api: Api) -> Iterator[list[Api]]:
    # Some deployments have background work of their own.
    made = []
    for number, more in enumerate(SETTINGS):
        parts = replace(api.parts, settings=api.parts.settings.model_copy(update=more))
        app = make_app(parts, EmbeddedRunner(parts) if number % 2 else None)
        client = AsyncClient(transport=ASGITransport(app), base_url="https://pullcord.example")
        made.append(replace(api, parts=parts, app=app, client=client))
    yield made
    for one in made:
        one.portal.call(one.client.aclose)


@pytest.fixture
def known_keys(api: Api) -> dict[str, str]:
    store = api.deployment.store
    keys = {
        "revoked": create_key(store, Role.OPERATOR, None, "revoked"),
        "expired": create_key(store, Role.OPERATOR, None, "expired", lasts=timedelta(days=1)),
    }
    revoke_key(store, keys["revoked"].split(".")[1])
    api.deployment.clock.advance(days=2)
    return {**api.keys, **keys, "made up": f"pcd.{'x' * 16}.{'y' * 43}", "empty": "", "name": "operator"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    under=st.integers(0, len(SETTINGS) - 1),
    who=st.sampled_from(["operator", *CALLERS]),
    change=st.sampled_from(["whole", "whole", *sorted(CHANGES)]),
    place=st.sampled_from(["Authorization", *KEY_PLACES]),
    scheme=st.sampled_from(["Bearer ", *SCHEMES]),
    path=st.sampled_from(["/metrics", *METRICS_PATHS]),
    method=st.sampled_from(["GET", "GET", "HEAD", "POST", "OPTIONS"]),
)
def test_nothing_but_an_operators_whole_key_opens_the_metrics_whatever_the_settings(
    deployments: list[Api],
    known_keys: dict[str, str],
    under: int,
    who: str,
    change: str,
    place: str,
    scheme: str,
    path: str,
    method: str,
) -> None:
    word = scheme + CHANGES[change](known_keys[who])
    sent = {"params": {"key": word}} if place == "the query" else {"headers": {place: word}}
    answer = deployments[under].ask(None, method, path, **sent)
    is_right = (who, change, path, method) == ("operator", "whole", "/metrics", "GET")
    if is_right and place.lower() == "authorization" and scheme.lower() == "bearer ":
        assert answer.status_code == 200
        assert "pullcord_cases" in answer.text
    else:
        assert answer.status_code in {401, 403, 404, 405}
        assert "pullcord_" not in answer.text
