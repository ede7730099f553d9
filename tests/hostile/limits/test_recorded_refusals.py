from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import func, select

from services.core.audit import AuditAction
from services.storage.store import OperatorPolicy
from services.storage.tables import audit, submissions
from tests.hostile.http_fuzz import assert_refused
from tests.support.command_line import BLACKPOOL as COUNCIL
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.http import CSV, ENTRIES, ENTRY, NOTICE, NOTICES, REGISTER_UPLOADS, Api, open_api

FEW = 3


@pytest.fixture
def api(deployment: Deployment) -> Any:
    # The limits are so low that a test can reach them.
    policy = OperatorPolicy(refusals_an_hour=FEW, repeats_a_day=FEW)
    deployment.store = replace(deployment.store, policy=policy)
    with open_api(deployment) as opened:
        yield opened


def upload(api: Api, query: str, *ids: str) -> Response:
    data = "entry_id,cli,postcode\n" + "".join(f"{one},01632 960123,FY3 8AB\n" for one in ids)
    return api.ask("blackpool", "POST", REGISTER_UPLOADS + query, content=data.encode(), headers={"Content-Type": CSV})


def refused_rows(api: Api) -> Response:
    return api.ask("blackpool", "PUT", ENTRIES, json={"cli": "01632 960123"})


def repeated(api: Api) -> Response:
    return api.ask("blackpool", "PUT", ENTRIES, json=ENTRY, headers={"Idempotency-Key": "k"})


def dry_run(api: Api) -> Response:
    return upload(api, "?dry_run=true", "e1")


def cut_off(api: Api) -> Response:
    upload(api, "", *(f"e{number}" for number in range(30)))
    return upload(api, "?mode=replace", "e1")


def refused_act(api: Api) -> Response:
    case = api.deployment.cases()[0].reference if api.deployment.cases() else api.alerted_case()[0]
    record = {"by": "Sam Officer", "arc_name": "ARC", "at": "2026-11-23T09:00:00Z", "tested_by": "Jo Field"}
    return api.ask("blackpool", "POST", f"/v1/cases/{case}/events", json={"event": "pass_post_check", "record": record})


KINDS: list[Callable[[Api], Response]] = [refused_rows, repeated, dry_run, cut_off]


def rows_on_record(api: Api) -> tuple[int, int]:
    with api.deployment.store.reading() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (audit, submissions)]
    return counts[0] or 0, counts[1] or 0


@pytest.mark.parametrize("ask", KINDS, ids=lambda ask: ask.__name__)
def test_what_is_refused_repeated_or_tried_too_often_is_no_longer_recorded(api: Api, ask: Callable[[Api], Any]) -> None:
    answers = [ask(api).status_code for _ in range(FEW + 1)]
    assert 429 not in answers[:FEW]
    before = rows_on_record(api)[0]
    response = ask(api)
    assert_refused(response, 429, "too-many-requests")
    assert int(response.headers["Retry-After"]) > 0
    if ask is not cut_off:
        assert rows_on_record(api)[0] == before


@pytest.mark.parametrize("seed", range(4))
def test_all_kinds_of_one_key_count_together_and_end_after_an_hour(api: Api, seed: int) -> None:
    source = random.Random(seed)
    kinds = [refused_rows, dry_run]
    repeated(api)
    assert [source.choice(kinds)(api).status_code != 429 for _ in range(FEW)] == [True] * FEW
    assert {source.choice([*kinds, repeated])(api).status_code for _ in range(5)} == {429}
    api.deployment.clock.advance(minutes=61)
    assert source.choice(kinds)(api).status_code != 429


def test_sound_requests_and_those_of_other_keys_are_taken_in_meanwhile(api: Api) -> None:
    assert [refused_rows(api).status_code for _ in range(FEW + 1)][-1] == 429
    assert api.ask("blackpool", "PUT", ENTRIES, json=ENTRY).status_code == 202
    assert api.ask("raven", "POST", NOTICES, json={"id": "x", "cli": "1"}).status_code == 422
    assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202


def test_a_submission_that_is_refused_too_often_still_says_why(api: Api) -> None:
    for _ in range(FEW):
        refused_rows(api)
    body = refused_rows(api).json()
    assert body["rows_with_issues"][0]["issues"][0]["field"] == "entry_id"


def test_acts_that_are_refused_too_often_are_no_longer_recorded(api: Api) -> None:
    assert [refused_act(api).status_code for _ in range(FEW + 1)] == [409] * FEW + [429]


def test_acts_that_change_nothing_are_recorded_so_often_and_those_that_move_the_case_always(api: Api) -> None:
    case, _, _ = api.alerted_case()

    def act(event: str, **record: str) -> int:
        sent = {"event": event, "record": {"by": "Sam Officer", **record}}
        return api.ask("blackpool", "POST", f"/v1/cases/{case}/events", json=sent).status_code

    assert act("contact_resident", method="call") == 200
    assert [act("contact_resident", method="call") for _ in range(FEW + 1)] == [200] * FEW + [429]
    assert act("book_visit", visit_on="2026-11-25") == 200


def test_an_alert_is_acknowledged_again_so_often(api: Api) -> None:
    _, alert, _ = api.alerted_case()
    path = f"/v1/alerts/{alert}/acknowledgement"
    answers = [api.ask("blackpool", "POST", path, json={"by": "Sam Officer"}).status_code for _ in range(FEW + 1)]
    assert answers == [200] * FEW + [429]


def trials(deployment: Deployment) -> list[dict[str, Any]]:
    query = select(audit.c.feed_id, audit.c.at, audit.c.fields).where(
        audit.c.action == AuditAction.SUBMISSION_TRIED.value
    )
    with deployment.store.reading() as connection:
        return [{"feed": feed, "at": at, **fields} for feed, at, fields in connection.execute(query)]


@pytest.mark.parametrize(("query", "would_withdraw"), [("?dry_run=true", None), ("?dry_run=true&mode=replace", 0)])
def test_a_dry_run_is_on_the_audit_with_who_and_when_and_no_cell(
    api: Api, query: str, would_withdraw: int | None
) -> None:
    upload(api, query, "e1", "e1", "")
    (row,) = trials(api.deployment)
    assert (row["feed"], row["at"]) == (BLACKPOOL, api.deployment.clock.now())
    assert (row["records"], row["channel"], row["would_withdraw"]) == ("entry", "file", would_withdraw)
    assert (row["warned"], row["rejected"]) == (2, 1)
    assert "960123" not in str(row)
    assert COUNCIL in row["feed"]


@pytest.mark.parametrize("seed", range(3))
def test_the_operator_sets_how_many_are_recorded(api: Api, seed: int) -> None:
    refusals, repeats = random.Random(seed).sample(range(1, 12), 2)
    api.deployment.store = replace(api.deployment.store, policy=OperatorPolicy(refusals, repeats))
    with open_api(api.deployment) as opened:
        answers = [refused_rows(opened).status_code for _ in range(refusals + 1)]
        assert answers == [422] * refusals + [429]
        _, alert, _ = opened.alerted_case()
        path = f"/v1/alerts/{alert}/acknowledgement"
        by = {"by": "Sam Officer"}
        answers = [opened.ask("blackpool", "POST", path, json=by).status_code for _ in range(repeats + 1)]
        assert answers == [200] * repeats + [429]
