from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from services.ingest.reading.outcomes import RowOutcome, unpack
from services.ingest.recording.store import submissions
from tests.support.http import ENTRIES, MOST_ROWS, NOTICES, Api, problem_of

DAYS = [None, "2026-12-01", "2026-12-01", "2026-12-03", "2027-01-15", None, "2027-02-01", "2026-12-03"]


def pages(api: Api, who: str, path: str) -> Iterator[Response]:
    # Only the links lead from one page to the next.
    following: str | None = path
    while following:
        answer = api.ask(who, "GET", following)
        assert answer.status_code == 200
        yield answer
        following = answer.links.get("next", {}).get("url")


def with_cases(api: Api, days: list[str | None]) -> None:
    entries = [{"entry_id": f"e{one}", "cli": f"01632 9602{one:02}"} for one in range(len(days))]
    api.ask("blackpool", "PUT", ENTRIES, json=entries)
    notices: list[dict[str, Any]] = [{"id": f"n{one}", "cli": f"01632 9602{one:02}"} for one in range(len(days))]
    for notice, day in zip(notices, days, strict=True):
        if day:
            notice["planned_migration_date"] = day
    api.ask("raven", "POST", NOTICES, json=notices)
    api.deployment.tick(seconds=31)


@pytest.mark.parametrize("limit", [1, 3, 7, 8, 9])
def test_every_case_comes_once_in_the_order_of_its_harm(api: Api, limit: int) -> None:
    with_cases(api, DAYS)
    whole = api.ask("blackpool", "GET", "/v1/cases?limit=1000").json()
    paged = [answer.json() for answer in pages(api, "blackpool", f"/v1/cases?limit={limit}")]
    assert [len(page) for page in paged[:-1]] == [limit] * (len(paged) - 1)
    assert [case for page in paged for case in page] == whole
    assert [case["harm_on"] for case in whole] == sorted(filter(None, DAYS)) + [None] * 2


def test_a_link_keeps_the_filters_and_leads_to_no_other_host(api: Api) -> None:
    with_cases(api, DAYS)
    first = api.ask("blackpool", "GET", "/v1/cases?state=open&ended=true&limit=2")
    link = first.links["next"]["url"]
    assert link.startswith("/v1/cases?state=open&ended=true&limit=2&cursor=")
    assert not any(value in link for value in ("960", "e0", "e1"))


def test_a_case_that_is_opened_or_ended_meanwhile_moves_no_other_to_another_page(api: Api) -> None:
    with_cases(api, DAYS)
    whole = [case["entry_id"] for case in api.ask("blackpool", "GET", "/v1/cases").json()]
    first = api.ask("blackpool", "GET", "/v1/cases?limit=3")
    api.ask("blackpool", "DELETE", f"{ENTRIES}/{whole[0]}")
    api.ask("blackpool", "PUT", ENTRIES, json={"entry_id": "new", "cli": "01632 960299"})
    api.ask("raven", "POST", NOTICES, json={"id": "new", "cli": "01632 960299", "planned_migration_date": "2026-11-30"})
    api.deployment.tick(seconds=31)
    later = [case for answer in pages(api, "blackpool", first.links["next"]["url"]) for case in answer.json()]
    assert [case["entry_id"] for case in later] == whole[3:]


@pytest.mark.parametrize("cursor", ["x", "2026-12-03", "2026-02-31_C-2222-2222", "undated_C-2222-2222", "2026-12-03_"])
def test_a_cursor_that_no_page_has_is_refused(api: Api, cursor: str) -> None:
    assert problem_of(api.ask("blackpool", "GET", f"/v1/cases?cursor={cursor}")) == (422, "invalid-request")


def test_the_cursor_of_another_council_is_refused(api: Api) -> None:
    with_cases(api, DAYS)
    link = api.ask("blackpool", "GET", "/v1/cases?limit=1").links["next"]["url"]
    assert problem_of(api.ask("cardiff", "GET", link)) == (422, "invalid-request")


def test_every_row_of_a_submission_comes_once(api: Api) -> None:
    rows = [{"id": f"n{number}", "cli": f"01632 9601{number:02}"} for number in range(MOST_ROWS)]
    place = api.ask("raven", "POST", NOTICES, json=rows).headers["Location"]
    read = [answer.json() for answer in pages(api, "raven", f"{place}?limit=20")]
    assert [len(page["rows"]) for page in read] == [20, 20, 10]
    assert [page["next_cursor"] for page in read] == ["21", "41", None]
    assert {page["total_rows"] for page in read} == {MOST_ROWS}
    assert [row["row"] for page in read for row in page["rows"]] == list(range(1, MOST_ROWS + 1))
    assert [row["reference"] for page in read for row in page["rows"]] == [f"n{one}" for one in range(MOST_ROWS)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    chunk=st.integers(1, 12),
    limit=st.integers(1, 30),
    blank=st.lists(st.booleans(), min_size=1, max_size=MOST_ROWS),
    data=st.randoms(use_true_random=False),
)
def test_however_rows_are_stored_every_row_comes_once_with_its_reference(
    api: Api, chunk: int, limit: int, blank: list[bool], data: random.Random
) -> None:
    name = f"{data.random():.12f}"[2:6]
    lines = ["" if one else f'{{"id": "r{name}-{number}"}}' for number, one in enumerate(blank, start=1)]
    body = '{"id": "first-1", "cli": "01632 960100"}\n' + "\n".join(lines)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(submissions, "OUTCOMES_A_CHUNK", chunk)
        sent = {"content": body, "headers": {"Content-Type": "application/x-ndjson"}}
        receipt = api.ask("raven", "POST", NOTICES, **sent).json()
        path = f"/v1/submissions/{receipt['submission']}?limit={limit}"
        read = [row for answer in pages(api, "raven", path) for row in answer.json()["rows"]]
    expected = [(number, f"r{name}-{number - 1}") for number, one in enumerate(blank, start=2) if not one]
    assert [(row["row"], row["reference"]) for row in read] == [(1, "first-1"), *expected]


def test_a_page_reads_only_the_chunks_that_hold_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "OUTCOMES_A_CHUNK", 5)
    rows = [{"id": f"n{number}", "cli": f"01632 9601{number:02}"} for number in range(MOST_ROWS)]
    place = api.ask("raven", "POST", NOTICES, json=rows).headers["Location"]
    opened: list[object] = []

    def noted(*given: Any) -> list[RowOutcome]:
        opened.append(given)
        return unpack(*given)

    monkeypatch.setattr(submissions, "unpack", noted)
    asked: list[str] = []
    event.listen(api.deployment.store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    page = api.ask("raven", "GET", f"{place}?limit=5&cursor=26").json()
    assert [row["row"] for row in page["rows"]] == [26, 27, 28, 29, 30]
    assert len(opened) <= 2
    assert len([statement for statement in asked if "submission_outcomes" in statement]) == 1


@pytest.mark.parametrize("cursor", ["x", "-1", "1_000", "9" * 40, "undated_C-2222-2222"])
def test_a_cursor_that_no_page_of_a_submission_has_is_refused(api: Api, cursor: str) -> None:
    place = api.ask("raven", "POST", NOTICES, json={"id": "n1", "cli": "01632 960123"}).headers["Location"]
    assert problem_of(api.ask("raven", "GET", f"{place}?cursor={cursor}")) == (422, "invalid-request")
