from __future__ import annotations

import random

import pytest
from justhtml import JustHTML

from services.alerts.case.links import revoke_link
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.audit import AuditAction
from tests.support.deployment import BLACKPOOL
from tests.support.http import ENTRY, NOTICE, Api, newest_link
from tests.support.ledger import said

DESK = Contact(person="duty desk", channel="route", address="mailto://desk.example")
DEPUTY = Contact(person="deputy", channel="route", address="mailto://deputy.example")
FAR = {"planned_migration_date": "2027-01-15"}


def message_about(api: Api, number: int, **notice: str) -> str:
    # A message about a move today does not wait for a working day.
    today = {"planned_migration_date": str(api.deployment.clock.now().date())}
    before = {case.reference for case in api.deployment.cases()}
    api.deployment.put_entries({**ENTRY, "entry_id": f"e{number}", "cli": f"01632 96012{number}"})
    api.deployment.post_notices({**NOTICE, **today, "id": f"n{number}", "cli": f"01632 96012{number}", **notice})
    # Nobody gets urgent messages less than a quarter of an hour apart.
    api.deployment.tick(minutes=16)
    (case,) = {case.reference for case in api.deployment.cases()} - before
    return case


def boxes(api: Api, link: str) -> set[str]:
    page = JustHTML(api.ask(None, "GET", link).text, sanitize=False)
    return {str((box.attrs or {})["value"]) for box in page.query("input[type=checkbox]")}


def words(api: Api, link: str) -> str:
    return " ".join(JustHTML(api.ask(None, "GET", link).text).to_text().split())


def taken(api: Api) -> set[str]:
    return {case.reference for case in api.deployment.cases() if case.state.value == "acknowledged"}


def test_an_officer_takes_the_cases_of_three_messages_of_the_night_with_the_newest_link(api: Api) -> None:
    cases = {message_about(api, number) for number in (1, 2, 3)}
    link = newest_link(api, "mailto://desk.example")
    assert boxes(api, link) == cases
    assert "This includes 2 alarm lines from earlier messages to you, whose links have ended" in words(api, link)
    done = api.send_form(link, name="Asha Patel", all="yes")
    assert (done.status_code, taken(api)) == (200, cases)
    # One page shows all that one form took, and each alert is on record as acknowledged.
    assert all(case in done.text for case in cases)
    assert "You are acting on 3 alarm lines" in words(api, f"{link}/taken/1")
    assert len({row["alert"] for row in said(api.deployment, AuditAction.ALERT_ACKNOWLEDGED)}) == 3


@pytest.mark.parametrize("seed", range(4))
def test_whichever_cases_are_ticked_those_alone_are_taken_and_a_second_form_records_nothing(
    api: Api, seed: int
) -> None:
    drawn = random.Random(seed)
    cases = sorted(message_about(api, number) for number in range(1, drawn.randint(3, 6)))
    chosen, link = drawn.sample(cases, drawn.randint(1, len(cases))), newest_link(api, "mailto://desk.example")
    pages = {api.ask(None, "POST", link, data={"name": "Asha Patel", "case": chosen}).headers["location"]}
    recorded = said(api.deployment, AuditAction.ALERT_ACKNOWLEDGED)
    pages.add(api.ask(None, "POST", link, data={"name": "Asha Patel", "case": chosen}).headers["location"])
    assert (taken(api), len(pages)) == (set(chosen), 1)
    assert said(api.deployment, AuditAction.ALERT_ACKNOWLEDGED) == recorded


def test_a_contact_is_offered_nothing_that_only_others_were_told(api: Api) -> None:
    message_about(api, 1)
    both = CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=(DESK, DEPUTY)),))
    set_policy(api.deployment.store, BLACKPOOL, both, by="Test Setup")
    second = message_about(api, 2)
    assert boxes(api, newest_link(api, "mailto://deputy.example")) == {second}
    assert len(boxes(api, newest_link(api, "mailto://desk.example"))) == 2


def test_the_cases_of_a_message_whose_link_was_revoked_are_not_offered(api: Api) -> None:
    message_about(api, 1, **FAR)
    alert = api.deployment.mails()[-1].reference.partition(".")[0]
    second = message_about(api, 2, **FAR)
    revoke_link(api.deployment.store, alert, "Asha Patel")
    assert boxes(api, newest_link(api, "mailto://desk.example")) == {second}


@pytest.mark.parametrize(("days", "offered"), [(2, 2), (4, 1)])
def test_only_messages_of_the_72_hours_before_are_counted(api: Api, days: int, offered: int) -> None:
    message_about(api, 1, **FAR)
    api.deployment.clock.advance(days=days)
    message_about(api, 2, **FAR)
    assert len(boxes(api, newest_link(api, "mailto://desk.example"))) == offered


def test_a_case_that_is_over_is_not_offered(api: Api) -> None:
    first, second = message_about(api, 1), message_about(api, 2)
    record = {"by": "Asha Patel", "party": "provider", "evidence": "proved"}
    answer = api.ask("blackpool", "POST", f"/v1/cases/{first}/events", json={"event": "confirm_safe", "record": record})
    assert answer.status_code == 200
    assert boxes(api, newest_link(api, "mailto://desk.example")) == {second}
    assert "earlier messages" not in words(api, newest_link(api, "mailto://desk.example"))
