from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.alerts import api as alerts_api
from services.alerts.reveal import reveal_numbers
from services.audit.figures.counting import Counts, add_counts
from services.audit.figures.figures import Figure
from services.audit.figures.months import read_month
from services.audit.store import keep
from tests.scenarios.protocol.test_paging import pages
from tests.support.http import ENTRIES, ENTRY, NOTICE, NOTICES, Api, problem_of

FIGURES = "/v1/oversight/figures"


def with_a_case(api: Api, matches: int = 1, looks: int = 0) -> str:
    """Return the path of a new case with `matches` notices. The numbers were shown to `looks` people."""
    api.ask("blackpool", "PUT", ENTRIES, json=ENTRY)
    api.ask("raven", "POST", NOTICES, json=[{**NOTICE, "id": f"n{number}"} for number in range(matches)])
    api.deployment.settle()
    (case,) = api.deployment.cases()
    for number in range(looks):
        reveal_numbers(api.deployment.store, case, f"Asha Patel {number}")
    return f"/v1/cases/{case.reference}"


def joined(api: Api, path: str) -> list[Any]:
    return [one for answer in pages(api, "blackpool", path) for one in answer.json()]


@pytest.mark.parametrize("limit", [1, 2, 7, 11, 12, 13])
def test_every_event_of_a_case_comes_once_the_oldest_first(api: Api, limit: int) -> None:
    case = with_a_case(api, looks=11)
    whole = api.ask("blackpool", "GET", case).json()
    assert joined(api, f"{case}/history?limit={limit}") == whole["history"]
    assert [event["by"] for event in whole["history"]] == [None, *(f"Asha Patel {number}" for number in range(11))]
    assert whole["next_history_cursor"] is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(matches=st.integers(1, 12), looks=st.integers(0, 6), first=st.integers(1, 9), limit=st.integers(1, 9))
def test_the_answer_on_a_case_and_the_pages_after_it_are_the_whole(
    api: Api, matches: int, looks: int, first: int, limit: int
) -> None:
    case = with_a_case(api, matches, looks)
    whole = {name: joined(api, f"{case}/{name}") for name in ("matches", "history")}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(alerts_api, "SHOWN_OF_LISTS", first)
        begins = api.ask("blackpool", "GET", case).json()
    for name, every in whole.items():
        cursor = begins[f"next_{name}_cursor"]
        rest = joined(api, f"{case}/{name}?limit={limit}&cursor={cursor}") if cursor else []
        assert begins[name] == every[:first]
        assert begins[name] + rest == every
        assert joined(api, f"{case}/{name}?limit={limit}") == every


def test_an_event_or_a_match_that_comes_meanwhile_moves_no_other_to_another_page(api: Api) -> None:
    case = with_a_case(api, matches=4, looks=3)
    before = {name: joined(api, f"{case}/{name}") for name in ("matches", "history")}
    links = {name: api.ask("blackpool", "GET", f"{case}/{name}?limit=2").links["next"]["url"] for name in before}
    api.ask("raven", "POST", NOTICES, json={**NOTICE, "id": "later"})
    api.deployment.settle()
    reveal_numbers(api.deployment.store, api.deployment.cases()[0], "Jo Field")
    for name, every in before.items():
        rest = joined(api, links[name])
        assert rest[: len(every) - 2] == every[2:]
        assert len(rest) == len(every) - 1


def test_a_cursor_counts_nothing_and_names_nobody(api: Api) -> None:
    case = with_a_case(api, matches=3, looks=2)
    for name in ("matches", "history"):
        cursor = api.ask("blackpool", "GET", f"{case}/{name}?limit=1").links["next"]["url"].rpartition("=")[2]
        assert len(cursor.replace("-", "")) in (16, 17)
        assert not cursor.isdigit()


@pytest.mark.parametrize("name", ["matches", "history"])
@pytest.mark.parametrize("cursor", ["x", "1", "M-2222-2222-2222-2222", "2222222222222222", "C-2222-2222"])
def test_a_cursor_that_no_page_of_the_case_has_is_refused(api: Api, name: str, cursor: str) -> None:
    case = with_a_case(api)
    assert problem_of(api.ask("blackpool", "GET", f"{case}/{name}?cursor={cursor}")) == (422, "invalid-request")


def test_the_cursor_of_one_list_is_not_that_of_another(api: Api) -> None:
    case = with_a_case(api, matches=3, looks=2)
    cursors = {
        name: api.ask("blackpool", "GET", f"{case}/{name}?limit=1").links["next"]["url"].rpartition("=")[2]
        for name in ("matches", "history")
    }
    for name, other in (("matches", "history"), ("history", "matches")):
        answer = api.ask("blackpool", "GET", f"{case}/{name}?cursor={cursors[other].removeprefix('M-')}")
        assert problem_of(answer) == (422, "invalid-request")


@pytest.mark.parametrize("name", ["matches", "history"])
def test_the_lists_of_a_case_are_for_its_own_council_alone(api: Api, name: str) -> None:
    case = with_a_case(api)
    assert problem_of(api.ask("cardiff", "GET", f"{case}/{name}")) == (404, "not-found")
    assert problem_of(api.ask("raven", "GET", f"{case}/{name}")) == (403, "forbidden")


@pytest.mark.parametrize(("most", "listed", "more"), [(1, 1, 2), (2, 2, 1), (3, 3, None)])
def test_an_acknowledgement_of_more_cases_than_an_answer_lists_counts_the_others(
    api: Api, monkeypatch: pytest.MonkeyPatch, most: int, listed: int, more: int | None
) -> None:
    lines = [f"01632 9602{number:02}" for number in range(3)]
    api.ask("blackpool", "PUT", ENTRIES, json=[{"entry_id": f"e{line[-2:]}", "cli": line} for line in lines])
    api.ask("raven", "POST", NOTICES, json=[{**NOTICE, "id": f"n{line[-2:]}", "cli": line} for line in lines])
    api.deployment.tick(seconds=31)
    alert = api.deployment.mails()[-1].reference.split(".")[0]
    monkeypatch.setattr(alerts_api, "NAMED_LIMIT", most)
    path = f"/v1/alerts/{alert}/acknowledgement"
    answer = api.ask("blackpool", "POST", path, json={"by": "Asha Patel"}).json()
    assert (len(answer["cases"]), answer.get("more_cases")) == (listed, more)
    assert all(case.paused_until for case in api.deployment.cases())


def with_months(api: Api, count: int) -> list[str]:
    months = [f"{2027 + number // 12}-{number % 12 + 1:02}" for number in range(count)]
    for month in months:
        counts = Counts()
        add_counts(counts, Figure.CASES_OPENED, "E06000009", ["RAVN"], number=9)
        with api.deployment.store.writing() as connection:
            keep(connection, read_month(month), counts)
    return months


@pytest.mark.parametrize("limit", [1, 5, 12, 15, 16])
def test_figures_of_a_long_period_come_in_pages_of_months(api: Api, limit: int) -> None:
    months = with_months(api, 15)
    read = [answer.json() for answer in pages(api, "regulator", f"{FIGURES}?from=2027-01&limit={limit}")]
    assert [one["month"] for page in read for one in page["months"]] == months
    whole = api.ask("regulator", "GET", f"{FIGURES}?from=2027-01&limit=120").json()
    assert [one for page in read for one in page["months"]] == whole["months"]


def test_figures_have_twelve_months_a_page_unless_asked_and_the_newest_where_no_month_is_named(api: Api) -> None:
    months = with_months(api, 15)
    read = [answer.json() for answer in pages(api, "regulator", f"{FIGURES}?from=2027-01")]
    assert [len(page["months"]) for page in read] == [12, 3]
    newest = api.ask("regulator", "GET", FIGURES)
    assert [one["month"] for one in newest.json()["months"]] == months[-12:]
    assert newest.links == {}


def test_lines_of_csv_come_in_the_same_pages(api: Api) -> None:
    months = with_months(api, 5)
    read = [answer.text for answer in pages(api, "regulator", f"{FIGURES}?from=2027-01&format=csv&limit=2")]
    found = [line.split(",")[0] for page in read for line in page.splitlines()[1:]]
    assert list(dict.fromkeys(found)) == months
    assert [len({line.split(",")[0] for line in page.splitlines()[1:]}) for page in read] == [2, 2, 1]


@pytest.mark.parametrize("cursor", ["x", "2026-12", "2027-13", "2028-01"])
def test_a_cursor_that_no_page_of_figures_has_is_refused(api: Api, cursor: str) -> None:
    with_months(api, 3)
    assert problem_of(api.ask("regulator", "GET", f"{FIGURES}?cursor={cursor}")) == (422, "invalid-request")
