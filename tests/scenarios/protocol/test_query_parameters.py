from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.http import CSV, ENTRIES, ENTRY, NOTICE, NOTICE_UPLOADS, NOTICES, REGISTER_UPLOADS, Api, problem_of

ADDRESSES = {
    "/v1/cases": ("blackpool", "GET", {"cursor", "ended", "limit", "state"}),
    "/v1/cases/C-0000-0000": ("blackpool", "GET", set[str]()),
    "/v1/cases/C-0000-0000/matches": ("blackpool", "GET", {"cursor", "limit"}),
    "/v1/cases/C-0000-0000/history": ("blackpool", "GET", {"cursor", "limit"}),
    "/v1/matching": ("blackpool", "GET", set[str]()),
    "/v1/submissions/sub_1": ("raven", "GET", {"cursor", "limit"}),
    "/v1/mappings": ("blackpool", "GET", {"cursor", "limit"}),
    "/v1/mappings/column/x": ("blackpool", "DELETE", set[str]()),
    f"{ENTRIES}/e1": ("blackpool", "DELETE", set[str]()),
    NOTICE_UPLOADS: ("raven", "POST", {"dry_run", "dates", "column"}),
    "/v1/oversight/figures": ("regulator", "GET", {"from", "to", "format", "limit", "cursor"}),
    "/metrics/oversight": ("regulator", "GET", set[str]()),
}


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_unknown_parameter_is_refused_and_named(api: Api, path: str) -> None:
    who, method, known = ADDRESSES[path]
    answer = api.ask(who, method, f"{path}?sate=open")
    assert problem_of(answer) == (422, "invalid-request")
    (fault,) = answer.json()["faults"]
    assert fault["field"] == "query.sate"
    assert all(name in fault["reason"] for name in known)


def test_nothing_is_taken_in_with_a_parameter_that_is_not_known(api: Api) -> None:
    assert api.ask("raven", "POST", f"{NOTICES}?dryrun=true", json=NOTICE).status_code == 422
    assert api.ask("blackpool", "PUT", f"{ENTRIES}?mode=replace", json=ENTRY).status_code == 422
    file = {"content": b"Case ID,Tel\r\ne1,01632 960123\r\n", "headers": {"Content-Type": CSV}}
    assert api.ask("blackpool", "POST", f"{REGISTER_UPLOADS}?dry-run=true", **file).status_code == 422
    decided = api.ask("blackpool", "POST", f"{REGISTER_UPLOADS}?mode=replace&dry_run=true", **file)
    assert decided.json()["would_withdraw"] == 0


def test_a_parameter_given_twice_is_refused_unless_it_is_a_list(api: Api) -> None:
    twice = api.ask("blackpool", "GET", "/v1/cases?state=open&state=closed")
    assert problem_of(twice) == (422, "invalid-request")
    assert twice.json()["faults"] == [{"field": "query.state", "reason": "this parameter is given more than once"}]
    file = {"content": b"A,B\r\ne1,01632 960123\r\n", "headers": {"Content-Type": CSV}}
    columns = "column=A=entry_id&column=B=cli&dry_run=true"
    assert api.ask("blackpool", "POST", f"{REGISTER_UPLOADS}?{columns}", **file).status_code == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=80), path=st.sampled_from(sorted(ADDRESSES)))
def test_whatever_its_name_is_it_is_refused_and_a_value_is_not_repeated(api: Api, name: str, path: str) -> None:
    who, method, known = ADDRESSES[path]
    if name in known:
        return
    answer = api.ask(who, method, path, params={name: "01632 960123"})
    assert problem_of(answer) == (422, "invalid-request")
    assert "960123" not in answer.text


def test_a_link_in_a_mail_takes_what_a_mail_program_adds(api: Api) -> None:
    _, _, link = api.alerted_case()
    assert api.ask(None, "GET", f"{link}?utm_source=mail").status_code == 200
