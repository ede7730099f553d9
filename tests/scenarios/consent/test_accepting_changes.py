from __future__ import annotations

import re
from typing import Any

import pytest

from schemas.codes import CaseEvent
from services.alerts.case.acts import accept_changes, read_record
from services.alerts.review.recording import ActRefusedError
from services.core.audit import AuditAction
from services.core.errors import NotFoundError
from tests.scenarios.consent.many_lines import LIMIT, SIXTY, ended, notice, touched, waiting, with_lines, withdrawn
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.http import Api, links_of, problem_of
from tests.support.ledger import cases_by_entry, said
from tests.support.people import OFFICER, record

LEFT = len(SIXTY) - LIMIT


def withdraw_all(deployment: Deployment) -> None:
    with_lines(deployment)
    deployment.post_notices(*map(withdrawn, SIXTY))
    deployment.tick(seconds=31)


def references(deployment: Deployment) -> list[str]:
    return [case.reference for case in deployment.cases() if case.changes_wait]


def accept(deployment: Deployment, chosen: list[str]) -> int:
    by = read_record(CaseEvent.ACCEPT_CHANGES, {"by": OFFICER, "note": "Raven Telecom confirmed it by telephone"})
    return len(accept_changes(deployment.store, BLACKPOOL, by, chosen))


def changes_link(api: Api) -> str:
    text = next(mail.message.text for mail in reversed(api.deployment.mails()) if "withdrew" in mail.message.text)
    (link,) = (one for one in links_of(text) if one.endswith("/changes"))
    return link


def tickets(page: str) -> list[str]:
    return re.findall(r'name="case" value="([^"]+)"', page)


def test_who_accepts_lets_the_changes_count(deployment: Deployment) -> None:
    withdraw_all(deployment)
    assert accept(deployment, references(deployment)) == LEFT
    assert (len(ended(deployment)), waiting(deployment)) == (len(SIXTY), set())


def test_only_the_chosen_cases_change(deployment: Deployment) -> None:
    withdraw_all(deployment)
    assert accept(deployment, references(deployment)[:3]) == 3
    assert (len(ended(deployment)), len(waiting(deployment))) == (LIMIT + 3, LEFT - 3)


def test_what_is_accepted_uses_up_nothing_of_the_limit(deployment: Deployment) -> None:
    withdraw_all(deployment)
    deployment.tick(hours=25)
    accept(deployment, references(deployment)[:30])
    deployment.post_notices(*(withdrawn(index, 3) for index in SIXTY))
    deployment.tick(seconds=31)
    assert len(touched(deployment)) == LIMIT + 30


def test_it_is_on_the_audit_with_the_person(deployment: Deployment) -> None:
    withdraw_all(deployment)
    accept(deployment, references(deployment)[:2])
    noted = [one for one in said(deployment, AuditAction.CASE_NOTED) if one["event"] == CaseEvent.ACCEPT_CHANGES]
    moved = [one for one in said(deployment, AuditAction.CASE_MOVED) if one["event"] == CaseEvent.WITHDRAW_NOTICE]
    assert (len(noted), len(moved)) == (2, LIMIT + 2)


def test_a_later_day_counts_when_it_is_accepted(deployment: Deployment) -> None:
    with_lines(deployment)
    deployment.post_notices(*(notice(index, 2, in_days=70) for index in SIXTY))
    deployment.tick(seconds=31)
    accept(deployment, references(deployment))
    assert len(touched(deployment)) == len(SIXTY)


def test_nothing_is_accepted_where_nothing_waits(deployment: Deployment) -> None:
    with_lines(deployment, range(3))
    with pytest.raises(ActRefusedError, match="No change of a feed waits"):
        record(deployment, CaseEvent.ACCEPT_CHANGES, "e1")
    assert accept(deployment, [cases_by_entry(deployment)["e1"].reference]) == 0
    with pytest.raises(NotFoundError):
        accept(deployment, ["C-2222-2222"])


def test_another_act_accepts_nothing(deployment: Deployment) -> None:
    withdraw_all(deployment)
    name = min(waiting(deployment))
    record(deployment, CaseEvent.CONTACT_RESIDENT, name, method="call")
    assert name in waiting(deployment)
    assert cases_by_entry(deployment)[name].state == "resident_contacted"


def test_a_council_sees_over_the_api_what_waits_and_accepts_it(api: Api) -> None:
    withdraw_all(api.deployment)
    listed: list[Any] = api.ask("blackpool", "GET", "/v1/cases").json()
    chosen = next(one["case"] for one in listed if one["changes_wait_since"])
    body = {"event": "accept_changes", "record": {"by": OFFICER}}
    answer = api.ask("blackpool", "POST", f"/v1/cases/{chosen}/events", json=body)
    assert (answer.status_code, answer.json()["state"]) == (200, "notice_withdrawn")
    again = api.ask("blackpool", "POST", f"/v1/cases/{chosen}/events", json=body)
    assert problem_of(again) == (409, "act-refused")


def test_another_council_accepts_nothing(api: Api) -> None:
    withdraw_all(api.deployment)
    body = {"event": "accept_changes", "record": {"by": OFFICER}}
    path = f"/v1/cases/{references(api.deployment)[0]}/events"
    assert problem_of(api.ask("cardiff", "POST", path, json=body)) == (404, "not-found")
    assert len(waiting(api.deployment)) == LEFT


def test_opening_the_page_accepts_nothing_and_ticks_nothing(api: Api) -> None:
    withdraw_all(api.deployment)
    link = changes_link(api)
    for _ in range(3):
        page = api.ask(None, "GET", link)
    assert (page.status_code, len(tickets(page.text)), "checked" in page.text) == (200, LEFT, False)
    assert "Raven Telecom withdrew its notice" in page.text
    assert len(waiting(api.deployment)) == LEFT


def test_the_ticked_cases_of_the_page_are_accepted(api: Api) -> None:
    withdraw_all(api.deployment)
    link = changes_link(api)
    ticked = tickets(api.ask(None, "GET", link).text)[:4]
    done = api.send_form(link, name=OFFICER, case=ticked)
    assert (done.status_code, len(tickets(done.text))) == (200, LEFT - 4)
    assert len(ended(api.deployment)) == LIMIT + 4


@pytest.mark.parametrize(("name", "ticked"), [("", 2), (OFFICER, 0), ("01632 960123", 1)])
def test_a_form_without_a_name_or_a_tick_accepts_nothing(api: Api, name: str, ticked: int) -> None:
    withdraw_all(api.deployment)
    link = changes_link(api)
    chosen = tickets(api.ask(None, "GET", link).text)[:ticked]
    answer = api.ask(None, "POST", link, data={"name": name, "case": chosen})
    assert (answer.status_code, answer.text.count(" checked")) == (422, ticked)
    assert len(waiting(api.deployment)) == LEFT


def test_a_change_that_the_person_did_not_see_is_not_accepted(api: Api) -> None:
    withdraw_all(api.deployment)
    link = changes_link(api)
    ticked = tickets(api.ask(None, "GET", link).text)
    api.deployment.post_notices(*(notice(index, 3, in_days=200) for index in SIXTY))
    api.deployment.settle()
    assert api.ask(None, "POST", link, data={"name": OFFICER, "case": ticked}).status_code == 422
    assert len(waiting(api.deployment)) == LEFT


def test_the_link_to_acknowledge_opens_no_changes_and_the_link_to_the_changes_acknowledges_nothing(api: Api) -> None:
    withdraw_all(api.deployment)
    text = next(mail.message.text for mail in api.deployment.mails() if "withdrew" in mail.message.text)
    acknowledge, changes = links_of(text)
    ticked = tickets(api.ask(None, "GET", changes).text)
    swapped = (f"{acknowledge}/changes", changes.removesuffix("/changes"))
    for path in swapped:
        assert api.ask(None, "GET", path).status_code == 404
        assert api.ask(None, "POST", path, data={"name": OFFICER, "case": ticked, "all": "yes"}).status_code == 404
    assert (len(waiting(api.deployment)), said(api.deployment, AuditAction.ALERT_ACKNOWLEDGED)) == (LEFT, [])
    assert "Use the second link in the message to see and accept them" in api.ask(None, "GET", acknowledge).text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_no_other_method_accepts(api: Api, method: str) -> None:
    withdraw_all(api.deployment)
    assert api.ask(None, method, changes_link(api)).status_code == 405
    assert len(waiting(api.deployment)) == LEFT


def test_a_wrong_code_shows_nothing(api: Api) -> None:
    withdraw_all(api.deployment)
    link = changes_link(api).replace(".", ".x", 1)
    assert [api.ask(None, method, link).status_code for method in ("GET", "POST")] == [404, 404]
