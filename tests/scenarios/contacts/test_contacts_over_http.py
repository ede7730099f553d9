from __future__ import annotations

import re
from typing import Any

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.audit.check import audit_differences
from services.storage.tables import alerts, cases, deliveries
from tests.support.deployment import BLACKPOOL
from tests.support.http import ENTRY, NOTICE, Api, problem_of
from tests.support.ledger import rows

BY = {"by": "Asha Patel"}
DESK = Contact(person="duty desk", channel="route", address="mailto://secret-word.example")
DEPUTY = Contact(person="deputy", channel="route", address="mailto://deputy.example")


@pytest.fixture
def contacts(api: Api) -> Api:
    tiers = (
        Tier(label="duty", from_days=56, contacts=(DESK, DEPUTY)),
        Tier(label="head", from_days=7, contacts=(DESK,)),
    )
    set_policy(api.deployment.store, BLACKPOOL, CouncilPolicy(tiers=tiers), by="Test Setup")
    return api


def listed(api: Api, who: str = "blackpool") -> list[dict[str, Any]]:
    answer = api.ask(who, "GET", "/v1/contacts")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["contacts"]
    return found


def path(api: Api, number: int = 0) -> str:
    return f"/v1/contacts/{listed(api)[number]['contact']}"


def sent_code(api: Api) -> str:
    api.deployment.tick()
    found = re.search(r"The code is ([0-9]{6})\.", api.deployment.mails()[-1].message.text)
    assert found
    return found[1]


def test_contacts_are_listed_once_each_without_their_addresses(contacts: Api) -> None:
    found = listed(contacts)
    assert [(one["person"], one["tiers"], one["verified_at"]) for one in found] == [
        ("duty desk", ["duty", "head"], None),
        ("deputy", ["duty"], None),
    ]
    assert "secret-word" not in str(found)
    assert listed(contacts, "cardiff") == []


def test_a_code_is_sent_by_the_queue_and_given_back(contacts: Api) -> None:
    asked = contacts.ask("blackpool", "POST", f"{path(contacts)}/code", json=BY)
    assert asked.status_code == 202
    assert asked.json()["code"]["state"] == "intended"
    code = sent_code(contacts)
    assert code not in asked.text
    assert contacts.deployment.mails()[-1].route == "mailto://secret-word.example"
    shown = contacts.ask("blackpool", "GET", path(contacts)).json()
    assert (shown["code"]["state"], shown["code"]["reason"], code in str(shown)) == ("sent", "accepted", False)
    verified = contacts.ask("blackpool", "POST", f"{path(contacts)}/verification", json={**BY, "code": code})
    assert (verified.status_code, bool(verified.json()["verified_at"])) == (200, True)
    assert [bool(one["verified_at"]) for one in listed(contacts)] == [True, False]


def test_a_wrong_code_is_refused_and_counts(contacts: Api) -> None:
    contacts.ask("blackpool", "POST", f"{path(contacts)}/code", json=BY)
    code = sent_code(contacts)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        refused = contacts.ask("blackpool", "POST", f"{path(contacts)}/verification", json={**BY, "code": wrong})
        assert problem_of(refused) == (422, "invalid-request")
    refused = contacts.ask("blackpool", "POST", f"{path(contacts)}/verification", json={**BY, "code": code})
    assert "too many wrong tries" in refused.json()["detail"]


def test_a_test_message_goes_to_one_contact_and_shows_what_became_of_it(contacts: Api) -> None:
    answer = contacts.ask("blackpool", "POST", f"{path(contacts, 1)}/test", json=BY)
    assert (answer.status_code, answer.json()["test"]["state"]) == (202, "intended")
    contacts.deployment.tick()
    (mail,) = contacts.deployment.mails()
    assert (mail.route, mail.message.subject) == (
        "mailto://deputy.example",
        "Test message from Pullcord: nothing to do",
    )
    assert "https://pullcord.example" in mail.message.text
    assert contacts.ask("blackpool", "GET", path(contacts, 1)).json()["test"]["state"] == "sent"
    assert contacts.ask("blackpool", "GET", path(contacts)).json()["test"] is None


def test_a_test_that_fails_says_why_and_alerts_nobody_else(contacts: Api) -> None:
    contacts.deployment.channel.results = [SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")]
    contacts.ask("blackpool", "POST", f"{path(contacts)}/test", json=BY)
    contacts.deployment.tick(minutes=5)
    shown = contacts.ask("blackpool", "GET", path(contacts)).json()["test"]
    assert (shown["state"], shown["reason"]) == ("given_up", "smtp_550")
    assert contacts.deployment.mails() == []


@pytest.mark.parametrize("kind", ["test", "code"])
def test_what_could_not_be_sent_for_a_quarter_of_an_hour_is_dropped(contacts: Api, kind: str) -> None:
    later = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
    contacts.deployment.channel.results = [later]
    contacts.ask("blackpool", "POST", f"{path(contacts)}/{kind}", json=BY)
    contacts.deployment.tick()
    contacts.deployment.tick(minutes=16)
    assert contacts.deployment.mails() == []
    assert contacts.ask("blackpool", "GET", path(contacts)).json()[kind]["state"] == "not_needed"


def test_a_code_that_a_newer_one_replaces_is_not_sent(contacts: Api) -> None:
    for _ in range(3):
        contacts.ask("blackpool", "POST", f"{path(contacts)}/code", json=BY)
    code = sent_code(contacts)
    assert len(contacts.deployment.mails()) == 1
    assert {row.state for row in rows(contacts.deployment, deliveries)} == {"sent", "not_needed"}
    contacts.ask("blackpool", "POST", f"{path(contacts)}/verification", json={**BY, "code": code})
    assert listed(contacts)[0]["verified_at"]


@pytest.mark.parametrize("kind", ["test", "code"])
def test_one_contact_gets_ten_messages_in_an_hour_and_the_others_their_own(contacts: Api, kind: str) -> None:
    for _ in range(10):
        assert contacts.ask("blackpool", "POST", f"{path(contacts)}/{kind}", json=BY).status_code == 202
    for other in ("test", "code"):
        refused = contacts.ask("blackpool", "POST", f"{path(contacts)}/{other}", json=BY)
        assert problem_of(refused) == (429, "too-many-requests")
    assert contacts.ask("blackpool", "POST", f"{path(contacts, 1)}/{kind}", json=BY).status_code == 202
    contacts.deployment.clock.advance(hours=1, seconds=1)
    assert contacts.ask("blackpool", "POST", f"{path(contacts)}/{kind}", json=BY).status_code == 202


@pytest.mark.parametrize("action", ["", "/test", "/code", "/verification"])
def test_no_council_reaches_the_contacts_of_another(contacts: Api, action: str) -> None:
    method = "POST" if action else "GET"
    body = {**BY, "code": "123456"} if action == "/verification" else BY
    sent = {"json": body} if action else {}
    assert problem_of(contacts.ask("cardiff", method, path(contacts) + action, **sent)) == (404, "not-found")
    assert problem_of(contacts.ask("raven", method, path(contacts) + action, **sent)) == (403, "forbidden")


def test_a_test_message_joins_no_alert_and_no_alert_cancels_it(contacts: Api) -> None:
    later = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
    contacts.deployment.channel.results = [later]
    contacts.ask("blackpool", "POST", f"{path(contacts)}/test", json=BY)
    contacts.deployment.tick()
    contacts.deployment.put_entries(ENTRY)
    contacts.deployment.post_notices(NOTICE)
    contacts.deployment.tick(seconds=31)
    contacts.deployment.tick(minutes=1)
    subjects = [mail.message.subject for mail in contacts.deployment.mails()]
    assert "Test message from Pullcord: nothing to do" in subjects
    assert [row.cases for row in rows(contacts.deployment, alerts)] == [0, 1]
    (case,) = rows(contacts.deployment, cases)
    assert case.last_alert_at


def test_the_audit_bears_out_what_became_of_each_test_message_and_code(contacts: Api) -> None:
    contacts.deployment.channel.results = [SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")]
    for kind in ("test", "code", "code"):
        contacts.ask("blackpool", "POST", f"{path(contacts)}/{kind}", json=BY)
        contacts.deployment.tick(minutes=1)
    states = [row.state for row in rows(contacts.deployment, deliveries)]
    assert states == ["given_up", "sent", "sent"]
    with contacts.deployment.store.reading() as connection:
        assert list(audit_differences(connection, contacts.deployment.store)) == []
