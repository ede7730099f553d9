from __future__ import annotations

import re
from datetime import timedelta

import pytest

from services.alerts.case.links import revoke_link
from services.alerts.policy.policy import CouncilPolicy
from services.core.audit import AuditAction
from services.storage.tables import audit
from services.storage.vault import place
from tests.scenarios.drills.drilled import (
    CARDIFF_DESK,
    HOUR,
    answer,
    begin,
    drill_mails,
    go_on_to,
    link_of,
    reference_of,
    run_drills,
    set_policy_of_blackpool,
    states,
    two_tiers,
    with_cardiff,
)
from tests.support.deployment import BLACKPOOL
from tests.support.http import Api, newest_link, problem_of
from tests.support.ledger import rows, said
from tests.support.people import OFFICER

BY = {"by": OFFICER}


@pytest.fixture
def drilled(api: Api) -> Api:
    set_policy_of_blackpool(api.deployment, two_tiers())
    with_cardiff(api.deployment)
    begin(api.deployment)
    return api


def link(api: Api, desk: str = "mailto://desk.example") -> str:
    return link_of(next(mail for mail in drill_mails(api.deployment) if mail.route == desk))


def state(api: Api, council: str = BLACKPOOL) -> str:
    return next(found for feed, _, found in reversed(states(api.deployment)) if feed == council)


def test_to_open_the_link_answers_nothing_however_often(drilled: Api) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        drilled.ask(None, method, link(drilled))
    for form in ({}, {"name": ""}, {"name": "  "}, {"name": "x"}, {"answer": "yes"}):
        assert drilled.ask(None, "POST", link(drilled), data=form).status_code == 422
    assert (state(drilled), said(drilled.deployment, AuditAction.DRILL_ANSWERED)) == ("waiting", [])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_no_other_method_answers(drilled: Api, method: str) -> None:
    assert drilled.ask(None, method, link(drilled), content="name=Asha+Patel").status_code == 405
    assert state(drilled) == "waiting"


def test_a_name_and_the_button_answer_it(drilled: Api) -> None:
    page = drilled.ask(None, "GET", link(drilled))
    assert page.status_code == 200
    assert "No line is at risk because of it" in page.text
    done = drilled.send_form(link(drilled), name=OFFICER)
    assert (done.status_code, "The drill is answered" in done.text) == (200, True)
    assert state(drilled) == "answered"
    (row,) = rows(drilled.deployment, audit, audit.c.action == "drill_answered")
    sealed = drilled.deployment.store.vault.open(place("audit", row.pk), row.actor_sealed)
    assert sealed == {"actor": OFFICER, "identity": "not_signed_in", "link_sent_to": "duty desk"}


def test_a_second_form_answers_nothing_more(drilled: Api) -> None:
    answer(drilled, drill_mails(drilled.deployment)[0])
    assert drilled.send_form(link(drilled), name="Bo Lee").status_code == 200
    assert drilled.send_form(link(drilled), name="").status_code == 200
    assert len(said(drilled.deployment, AuditAction.DRILL_ANSWERED)) == 1


def test_the_link_answers_the_drill_and_nothing_else(drilled: Api) -> None:
    path = link(drilled)
    assert drilled.ask(None, "GET", path.replace("/d/", "/a/")).status_code == 404
    assert drilled.ask(None, "POST", path.replace("/d/", "/a/"), data={"name": OFFICER}).status_code == 404
    code = path.rpartition(".")[2]
    wrong = path.replace(code, code[::-1])
    assert drilled.ask(None, "POST", wrong, data={"name": OFFICER}).status_code == 404
    cardiff = link(drilled, CARDIFF_DESK.address.get_secret_value())
    mixed = cardiff.replace(cardiff.rpartition(".")[2], code)
    assert drilled.ask(None, "POST", mixed, data={"name": OFFICER}).status_code == 404
    assert {found for _, _, found in states(drilled.deployment)} == {"waiting"}


def test_the_link_of_an_alert_answers_no_drill_and_a_drill_ends_no_link(drilled: Api) -> None:
    drilled.put_at_risk()
    alert = newest_link(drilled)
    assert drilled.ask(None, "POST", alert.replace("/a/A-", "/d/D-"), data={"name": OFFICER}).status_code == 404
    drilled.deployment.clock.advance(hours=1)
    answer(drilled, drill_mails(drilled.deployment)[0])
    assert drilled.ask(None, "GET", alert).status_code == 200


def test_the_link_works_for_72_hours(drilled: Api) -> None:
    path = link(drilled)
    drilled.deployment.clock.set(HOUR + timedelta(hours=71, minutes=59))
    assert drilled.ask(None, "GET", path).status_code == 200
    drilled.deployment.clock.advance(minutes=1)
    gone = drilled.ask(None, "POST", path, data={"name": OFFICER})
    assert (gone.status_code, "This link has expired" in gone.text, state(drilled)) == (410, True, "waiting")
    assert not re.search("Blackpool|alarm|case", gone.text.split("<main")[1].split("</main")[0])


def test_a_revoked_link_answers_nothing(drilled: Api) -> None:
    assert revoke_link(drilled.deployment.store, reference_of_blackpool(drilled), OFFICER)
    gone = drilled.ask(None, "POST", link(drilled), data={"name": OFFICER})
    assert (gone.status_code, "This link was revoked" in gone.text, state(drilled)) == (410, True, "waiting")
    assert drilled.ask(None, "GET", link(drilled, "mailto://cardiff.example")).status_code == 200


def test_the_link_of_a_contact_who_was_removed_answers_nothing(drilled: Api) -> None:
    set_policy_of_blackpool(drilled.deployment, CouncilPolicy(tiers=two_tiers().tiers[1:]))
    assert drilled.ask(None, "POST", link(drilled), data={"name": OFFICER}).status_code == 410
    assert state(drilled) == "waiting"


def reference_of_blackpool(api: Api) -> str:
    return str(api.ask("blackpool", "GET", "/v1/drills").json()["drills"][0]["drill"])


def test_a_council_lists_and_answers_its_own_drills_only(drilled: Api) -> None:
    mine, theirs = (drilled.ask(who, "GET", "/v1/drills").json()["drills"] for who in ("blackpool", "cardiff"))
    assert [one["council"] for one in mine] == ["E06000009"]
    assert [one["council"] for one in theirs] == ["W06000015"]
    refused = drilled.ask("cardiff", "POST", f"/v1/drills/{mine[0]['drill']}/answer", json=BY)
    assert problem_of(refused) == (404, "not-found")
    done = drilled.ask("blackpool", "POST", f"/v1/drills/{mine[0]['drill']}/answer", json=BY)
    assert (done.status_code, done.json()["state"]) == (200, "answered")
    again = drilled.ask("blackpool", "POST", f"/v1/drills/{mine[0]['drill']}/answer", json=BY)
    assert problem_of(again) == (409, "drill-refused")
    assert [state(drilled), state(drilled, "council:W06000015")] == ["answered", "waiting"]


def test_an_operator_sees_the_drills_of_all_councils_page_by_page(drilled: Api) -> None:
    whole = drilled.ask("operator", "GET", "/v1/drills").json()["drills"]
    assert {one["council"] for one in whole} == {"E06000009", "W06000015"}
    first = drilled.ask("operator", "GET", "/v1/drills?limit=1")
    following = re.findall("<(.*)>", first.headers["Link"])[0]
    second = drilled.ask("operator", "GET", following)
    assert first.json()["drills"] + second.json()["drills"] == whole
    assert "Link" not in second.headers
    strange = drilled.ask("cardiff", "GET", f"/v1/drills?cursor={reference_of_blackpool(drilled)}")
    assert problem_of(strange) == (422, "invalid-request")


@pytest.mark.parametrize("who", ["raven", "regulator"])
def test_nobody_else_sees_or_answers_drills(drilled: Api, who: str) -> None:
    assert problem_of(drilled.ask(who, "GET", "/v1/drills")) == (403, "forbidden")
    assert problem_of(drilled.ask(who, "POST", "/v1/drills", json=BY)) == (403, "forbidden")


def test_an_operator_starts_and_answers_none_over_http(drilled: Api) -> None:
    path = f"/v1/drills/{reference_of(drilled.deployment)}/answer"
    assert problem_of(drilled.ask("operator", "POST", "/v1/drills", json=BY)) == (403, "forbidden")
    assert problem_of(drilled.ask("operator", "POST", path, json=BY)) == (403, "forbidden")


@pytest.mark.parametrize("body", [{}, {"by": "system"}, {"by": "01632 960123"}, {**BY, "council": "W06000015"}])
def test_an_answer_needs_the_name_of_a_person(drilled: Api, body: dict[str, str]) -> None:
    path = f"/v1/drills/{reference_of_blackpool(drilled)}/answer"
    assert problem_of(drilled.ask("blackpool", "POST", path, json=body)) == (422, "invalid-request")


def test_a_council_starts_one_at_a_time_in_its_working_hours(drilled: Api) -> None:
    running = drilled.ask("blackpool", "POST", "/v1/drills", json=BY)
    assert problem_of(running) == (409, "drill-refused")
    answer(drilled, drill_mails(drilled.deployment)[0])
    drilled.deployment.clock.advance(hours=1)
    started = drilled.ask("blackpool", "POST", "/v1/drills", json=BY)
    assert (started.status_code, started.json()["month"], started.json()["state"]) == (201, None, "waiting")
    drilled.ask("blackpool", "POST", f"/v1/drills/{started.json()['drill']}/answer", json=BY)
    go_on_to(drilled.deployment, HOUR + timedelta(hours=12))
    night = drilled.ask("blackpool", "POST", "/v1/drills", json=BY)
    assert problem_of(night) == (409, "drill-refused")


def test_a_council_starts_a_few_in_a_day(drilled: Api) -> None:
    for _ in range(4):
        drilled.ask("blackpool", "POST", f"/v1/drills/{reference_of_blackpool(drilled)}/answer", json=BY)
        assert drilled.ask("blackpool", "POST", "/v1/drills", json=BY).status_code == 201
    drilled.ask("blackpool", "POST", f"/v1/drills/{reference_of_blackpool(drilled)}/answer", json=BY)
    assert problem_of(drilled.ask("blackpool", "POST", "/v1/drills", json=BY)) == (429, "too-many-requests")


def test_a_council_without_contacts_starts_none(drilled: Api) -> None:
    answer(drilled, drill_mails(drilled.deployment)[0])
    set_policy_of_blackpool(drilled.deployment, CouncilPolicy())
    refused = drilled.ask("blackpool", "POST", "/v1/drills", json=BY)
    assert problem_of(refused) == (409, "drill-refused")
    assert run_drills(drilled.deployment) == 0
