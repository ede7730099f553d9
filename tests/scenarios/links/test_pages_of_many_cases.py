from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.support.http import ENTRY, Api, newest_link
from tests.support.ledger import cases_by_entry
from tests.support.one_line import TODAY

MANY = 250
FORM = {"name": "Asha Patel"}
_REFERENCE = re.compile(r'name="case" value="(C-[0-9A-Z-]{9})"')


@pytest.fixture
def link(api: Api) -> str:
    numbers = {f"e{n}": f"01632 960{n:03}" for n in range(MANY)}
    api.deployment.put_entries(*({**ENTRY, "entry_id": name, "cli": number} for name, number in numbers.items()))
    api.deployment.post_notices(
        *(
            {
                "id": f"n{name}",
                "cli": number,
                "issued_at": "2026-11-01T09:00:00Z",
                "planned_migration_date": str(TODAY + timedelta(days=1 + place % 40)),
            }
            for place, (name, number) in enumerate(numbers.items())
        )
    )
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


def test_one_button_takes_the_cases_of_all_pages(api: Api, link: str) -> None:
    done = api.send_form(link, **FORM, all="yes")
    assert "You are acting on 250 alarm lines" in done.text
    assert "And 150 more." in done.text
    assert {case.state.value for case in cases_by_entry(api.deployment).values()} == {"acknowledged"}
