from __future__ import annotations

import re
from typing import Any

import pytest
from httpx import Response
from justhtml import JustHTML

from services.console.pages import PAGE_HEADERS
from services.core.audit import AuditAction
from tests.support.http import ENTRY, NOTICE, Api, newest_link
from tests.support.ledger import said

FORM = {"name": "Asha Patel"}
BY_LINK = "(not signed in, by the link sent to duty desk)"


def states(api: Api) -> list[tuple[str, Any]]:
    return [(case.state.value, case.paused_until) for case in api.deployment.cases()]


def test_opening_the_link_acknowledges_nothing_however_often_it_is_opened(api: Api) -> None:
    case, alert, link = api.alerted_case()
    before = states(api)
    for _ in range(5):
        page = api.ask(None, "GET", link)
        assert page.status_code == 200
        assert case in page.text
        assert alert in page.text
    api.ask(None, "HEAD", link)
    assert states(api) == before == [("open", None)]
    api.deployment.tick(days=2)
    assert len(api.deployment.mails()) == 2


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_no_other_method_acknowledges_either(api: Api, method: str) -> None:
    case, _, link = api.alerted_case()
    answer = api.ask(None, method, link, content=f"name=Asha+Patel&case={case}")
    assert answer.status_code == 405
    assert states(api) == [("open", None)]


def test_a_name_and_the_ticked_cases_acknowledge(api: Api) -> None:
    case, alert, link = api.alerted_case()
    done = api.send_form(link, **FORM, case=case)
    assert done.status_code == 200
    assert "Asha Patel" in done.text
    assert alert in done.text
    assert [state for state, _ in states(api)] == ["acknowledged"]
    api.deployment.tick(hours=20)
    assert len(api.deployment.mails()) == 1


def test_a_second_person_sees_who_was_first(api: Api) -> None:
    case, _, link = api.alerted_case()
    api.ask(None, "POST", link, data={**FORM, "case": case})
    assert f"Taken by Asha Patel {BY_LINK} on Monday 23 November 2026" in read(api.ask(None, "GET", link))


def read(answer: Response) -> str:
    return " ".join(JustHTML(answer.text).to_text().split())


def row_of(answer: Response, case: str) -> str:
    rows = JustHTML(answer.text).query("tbody tr")
    return next(" ".join(row.to_text().split()) for row in rows if case in row.to_text())


def acknowledgements(api: Api) -> int:
    return len(said(api.deployment, AuditAction.ALERT_ACKNOWLEDGED))


def test_after_the_form_the_browser_is_sent_to_a_page_that_a_reload_only_reads(api: Api) -> None:
    case, _, link = api.alerted_case()
    done = api.ask(None, "POST", link, data={**FORM, "case": case})
    assert (done.status_code, done.headers["location"]) == (303, f"{link}/taken/1")
    before = api.deployment.cases(), acknowledgements(api)
    for _ in range(3):
        page = api.ask(None, "GET", done.headers["location"])
        assert page.status_code == 200
        assert f"Asha Patel {BY_LINK} acknowledged this on Monday 23 November 2026" in read(page)
    assert (api.deployment.cases(), acknowledgements(api)) == before


@pytest.mark.parametrize("times", [2, 3, 10])
def test_a_form_that_is_sent_again_records_nothing_and_leads_to_the_same_page(api: Api, times: int) -> None:
    cases, link = api.alerted_cases(3)
    answers = []
    for _ in range(times):
        answers.append(api.ask(None, "POST", link, data={**FORM, "case": cases[:2]}).headers["location"])
        api.deployment.clock.advance(minutes=1)
    assert set(answers) == {f"{link}/taken/1"}
    assert acknowledgements(api) == 1


def test_when_the_pause_has_run_out_the_same_person_can_take_the_case_again(api: Api) -> None:
    case, _, link = api.alerted_case()
    api.ask(None, "POST", link, data={**FORM, "case": case})
    api.deployment.clock.advance(days=2)
    assert f"Asha Patel {BY_LINK} took this on Monday 23 November 2026" in row_of(api.ask(None, "GET", link), case)
    assert "Nobody has it now." in row_of(api.ask(None, "GET", link), case)
    assert api.ask(None, "POST", link, data={**FORM, "case": case}).headers["location"] == f"{link}/taken/2"


def test_a_colleague_sees_who_took_which_case(api: Api) -> None:
    (first, second, third), link = api.alerted_cases(3)
    api.send_form(link, name="Asha Patel", case=first)
    api.send_form(link, name="Ben Lowe", case=second)
    page = api.ask(None, "GET", link)
    assert "Taken by Asha Patel" in row_of(page, first)
    assert "Taken by Ben Lowe" in row_of(page, second)
    assert "Taken" not in row_of(page, third)


def test_a_case_taken_by_command_or_api_is_shown_as_taken_too(api: Api) -> None:
    (first, second, _), link = api.alerted_cases(3)
    for case, event, more in ((first, "acknowledge", {}), (second, "contact_resident", {"method": "call"})):
        body = {"event": event, "record": {"by": "Cara Dunn", **more}}
        assert api.ask("blackpool", "POST", f"/v1/cases/{case}/events", json=body).status_code == 200
    page = api.ask(None, "GET", link)
    assert "Taken by Cara Dunn" in row_of(page, first)
    assert "Taken by Cara Dunn" in row_of(page, second)


def test_each_page_after_a_form_shows_its_own_person_and_cases(api: Api) -> None:
    (first, second, third), link = api.alerted_cases(3)
    for name, case in (("Asha Patel", first), ("Ben Lowe", second)):
        api.send_form(link, name=name, case=case)
    page = read(api.ask(None, "GET", f"{link}/taken/1"))
    assert f"Asha Patel {BY_LINK} acknowledged this" in page
    taken, _, left = page.partition("Cases you did not tick")
    assert first in taken
    assert third in left


def test_nothing_is_ticked_in_advance(api: Api) -> None:
    cases, link = api.alerted_cases(3)
    assert JustHTML(api.ask(None, "GET", link).text, sanitize=False).query("input[checked]") == []
    api.send_form(link, name="Asha Patel", case=cases[0])
    assert JustHTML(api.ask(None, "GET", link).text, sanitize=False).query("input[checked]") == []


def test_one_button_takes_every_case_that_the_alert_still_offers(api: Api) -> None:
    cases, link = api.alerted_cases(3)
    page = read(api.send_form(link, name="Asha Patel", all="yes"))
    assert all(case in page for case in cases)
    assert [state for state, _ in states(api)] == ["acknowledged"] * 3


@pytest.mark.parametrize("end", ["taken/2", "taken/0", "taken/99999999999", "taken/x", "taken"])
def test_a_page_after_a_form_that_nobody_sent_is_not_there(api: Api, end: str) -> None:
    case, _, link = api.alerted_case()
    api.ask(None, "POST", link, data={**FORM, "case": case})
    assert api.ask(None, "GET", f"{link}/{end}").status_code in (404, 422)
    assert api.ask(None, "GET", f"{link[:-1]}/taken/1").status_code == 404


def test_the_form_is_shown_again_with_what_was_filled_in_when_the_name_is_missing(api: Api) -> None:
    case, _, link = api.alerted_case()
    page = api.ask(None, "POST", link, data={"name": "", "case": case})
    assert page.status_code == 422
    assert "Enter your name" in page.text
    assert states(api) == [("open", None)]


def test_without_a_ticked_case_or_with_one_of_another_alert_nothing_is_acknowledged(api: Api) -> None:
    _, _, link = api.alerted_case()
    api.deployment.put_entries({**ENTRY, "entry_id": "e2", "cli": "01632 960124"})
    api.deployment.post_notices({**NOTICE, "id": "n2", "cli": "01632 960124"})
    api.deployment.settle()
    other = api.deployment.cases()[1].reference
    for form in (FORM, {**FORM, "case": other}):
        page = api.ask(None, "POST", link, data=form)
        assert page.status_code == 422
        assert "Tick at least one case" in page.text
    assert states(api) == [("open", None)] * 2


def test_a_wrong_code_leads_to_a_page_that_names_nothing(api: Api) -> None:
    case, _, link = api.alerted_case()
    for answer in (
        api.ask(None, "GET", link[:-1]),
        api.ask(None, "POST", link[:-1], data={**FORM, "case": case}),
    ):
        assert answer.status_code == 404
        # Only the visible text counts, because a random value in the page may contain any letters.
        read = JustHTML(answer.text).to_text()
        assert "link" in read
        assert not any(name in read for name in (case, "Blackpool", "e1"))
    assert states(api) == [("open", None)]


def test_when_nothing_is_open_any_more_the_page_says_so(api: Api) -> None:
    case, _, link = api.alerted_case()
    record = {"by": "Asha Patel", "party": "provider", "evidence": "proved"}
    api.ask("blackpool", "POST", f"/v1/cases/{case}/events", json={"event": "confirm_safe", "record": record})
    for answer in (api.ask(None, "GET", link), api.ask(None, "POST", link, data={**FORM, "case": case})):
        assert answer.status_code == 200
        assert "Nothing is left to acknowledge" in answer.text


def test_when_the_notice_is_withdrawn_every_link_says_so_with_the_councils_own_reference(api: Api) -> None:
    case, _, link = api.alerted_case()
    api.deployment.post_notices({**NOTICE, "status": "withdrawn", "issued_at": "2026-11-23T08:00:00Z"})
    api.deployment.tick(seconds=31)
    links = (link, newest_link(api))
    for answer in (*(api.ask(None, "GET", one) for one in links), api.ask(None, "POST", link, data=FORM)):
        assert answer.status_code == 200
        read = JustHTML(answer.text).to_text()
        assert "no longer planned to be switched" in read
        assert case in read
        assert str(ENTRY["entry_id"]) in read
        assert "<form" not in answer.text


def test_every_page_is_sent_so_that_nobody_else_learns_of_it(api: Api) -> None:
    case, _, link = api.alerted_case()
    pages = [
        api.ask(None, "GET", link),
        api.ask(None, "GET", link[:-1]),
        api.ask(None, "POST", link, data={"case": case}),
        api.send_form(link, **FORM, case=case),
    ]
    assert [page.status_code for page in pages] == [200, 404, 422, 200]
    nonces = set()
    for page in pages:
        assert {name: page.headers[name] for name in PAGE_HEADERS} == dict(PAGE_HEADERS)
        policy = page.headers["Content-Security-Policy"]
        (nonce,) = re.findall("'nonce-([^']+)'", policy)
        assert f'nonce="{nonce}"' in page.text
        assert "default-src 'none'" in policy
        nonces.add(nonce)
    assert len(nonces) == len(pages)


def test_the_page_shows_nobodys_number_or_address(api: Api) -> None:
    _, _, link = api.alerted_case()
    page = api.ask(None, "GET", link).text
    assert not any(value in page for value in ("960123", "Tower Road", "FY3"))
