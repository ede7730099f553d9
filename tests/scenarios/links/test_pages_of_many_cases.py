from __future__ import annotations

import re
from datetime import timedelta

import pytest

from services.alerts.message.wording import moment
from tests.support.http import ENTRY, Api, newest_link
from tests.support.ledger import cases_by_entry
from tests.support.one_line import TODAY

MANY = 250
FORM = {"name": "Asha Patel"}
_REFERENCE = re.compile(r'name="case" value="(C-[0-9A-Z-]{9})"')


def number_of(place: int) -> str:
    return f"01632 960{place:03}"


def notice_of(place: int, days: int) -> dict[str, str]:
    day = str(TODAY + timedelta(days=days))
    issued = "2026-11-01T09:00:00Z"
    return {"id": f"n{place}", "cli": number_of(place), "issued_at": issued, "planned_migration_date": day}


@pytest.fixture
def link(api: Api) -> str:
    entries = ({**ENTRY, "entry_id": f"e{place}", "cli": number_of(place)} for place in range(MANY))
    api.deployment.put_entries(*entries)
    api.deployment.post_notices(*(notice_of(place, 1 + place % 40) for place in range(MANY)))
    api.deployment.tick(seconds=31)
    return newest_link(api)


def listed(api: Api, link: str, page: int | str) -> list[str]:
    answer = api.ask(None, "GET", f"{link}?page={page}")
    assert answer.status_code == 200
    return _REFERENCE.findall(answer.text)


def acknowledged(api: Api) -> set[str]:
    return {case.reference for case in api.deployment.cases() if case.state == "acknowledged"}


def test_each_case_is_on_one_page_and_the_most_urgent_are_on_the_first(api: Api, link: str) -> None:
    pages = [listed(api, link, page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [100, 100, 50]
    known = {case.reference: case.harm_on for case in api.deployment.cases()}
    assert {reference for page in pages for reference in page} == set(known)
    days = [known[reference] for page in pages for reference in page]
    assert days == sorted(days, key=str)


def test_a_page_says_how_many_there_are_and_leads_to_the_next_and_the_previous(api: Api, link: str) -> None:
    first, second, last = (api.ask(None, "GET", f"{link}?page={page}").text for page in (1, 2, 3))
    assert "Page 2 of 3" in second
    assert "Acknowledge 250 alarm lines at risk" in second
    assert "I am acting on all 250 cases" in second
    assert (f'href="{link}?page=2"' in first, "Previous page" in first) == (True, False)
    assert (f'href="{link}?page=1"' in second, f'href="{link}?page=3"' in second) == (True, True)
    assert ("Next page" in last, f'href="{link}?page=2"' in last) == (False, True)


@pytest.mark.parametrize(("given", "shown"), [("0", 1), ("-1", 1), ("x", 1), ("9", 3), ("9" * 5_000, 1), ("²", 1)])
def test_a_number_that_is_no_page_opens_one(api: Api, link: str, given: str, shown: int) -> None:
    assert listed(api, link, given) == listed(api, link, shown)


def test_the_ticked_cases_of_a_later_page_are_acknowledged_and_no_other(api: Api, link: str) -> None:
    chosen = listed(api, link, 3)[:2]
    done = api.send_form(f"{link}?page=3", **FORM, case=chosen)
    assert "You are acting on 2 alarm lines" in done.text
    assert "And 148 more." in done.text
    assert acknowledged(api) == set(chosen)


def test_a_form_without_a_name_is_shown_again_on_its_page(api: Api, link: str) -> None:
    chosen = listed(api, link, 2)[:1]
    answer = api.ask(None, "POST", f"{link}?page=2", data={"name": "", "case": chosen})
    assert answer.status_code == 422
    assert "Page 2 of 3" in answer.text
    assert f'action="{link}?page=2"' in answer.text
    assert acknowledged(api) == set()


@pytest.mark.parametrize("page", [1, 3])
def test_every_page_says_that_a_case_of_any_page_is_in_doubt(api: Api, link: str, page: int) -> None:
    said = "Where a provider sent two versions of a notice, nothing says which holds."
    assert said not in api.ask(None, "GET", f"{link}?page={page}").text
    # Another day with the same stamp, about a case of the last page.
    api.deployment.post_notices(notice_of(39, 39))
    api.deployment.tick(minutes=16)
    in_doubt = cases_by_entry(api.deployment)["e39"].reference
    assert [in_doubt in listed(api, newest_link(api), number) for number in (1, 2, 3)] == [False, False, True]
    assert said in api.ask(None, "GET", f"{newest_link(api)}?page={page}").text


@pytest.mark.parametrize("first", [0, 1])
def test_the_page_shows_the_shortest_pause_of_cases_that_move_on_one_day(api: Api, first: int) -> None:
    api.deployment.put_entries(*({**ENTRY, "entry_id": f"e{place}", "cli": number_of(place)} for place in (0, 1)))
    api.deployment.post_notices(*(notice_of(place, 30) for place in (0, 1)))
    api.deployment.tick(seconds=31)
    link, cases = newest_link(api), cases_by_entry(api.deployment)
    by_link, signed_in = cases[f"e{first}"].reference, cases[f"e{1 - first}"].reference
    alert = link.removeprefix("/a/").partition(".")[0]
    api.send_form(link, **FORM, case=[by_link])
    answer = api.ask(
        "blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json={"by": "Ben", "cases": [signed_in]}
    )
    assert answer.status_code == 200
    pauses = [case.paused_until for case in api.deployment.cases() if case.paused_until]
    assert len(set(pauses)) == 2
    assert f"until {moment(min(pauses))} at the latest" in api.ask(None, "GET", link).text


def test_one_button_takes_the_cases_of_all_pages(api: Api, link: str) -> None:
    done = api.send_form(link, **FORM, all="yes")
    assert "You are acting on 250 alarm lines" in done.text
    assert "And 150 more." in done.text
    assert {case.state.value for case in cases_by_entry(api.deployment).values()} == {"acknowledged"}
