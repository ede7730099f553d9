from __future__ import annotations

from random import Random

import pytest
from justhtml import JustHTML
from sqlalchemy import select

from services.alerts.case.links import revoke_links_of
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.audit import AuditAction
from services.storage.tables import audit
from tests.support.deployment import BLACKPOOL
from tests.support.http import ENTRY, NOTICE, Api, newest_link, problem_of
from tests.support.ledger import said

BY = {"by": "Asha Patel"}
FORM = {"name": "Somebody Else"}


def revoke(api: Api, alert: str, who: str = "blackpool") -> int:
    return api.ask(who, "POST", f"/v1/alerts/{alert}/link/revocation", json=BY).status_code


def revocations(api: Api) -> list[tuple[str, str]]:
    query = select(audit.c.subject, audit.c.feed_id).where(audit.c.action == "link_revoked")
    with api.deployment.store.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_revoked_link_opens_nothing_and_names_nothing(api: Api, method: str) -> None:
    case, alert, link = api.alerted_case()
    assert revoke(api, alert) == 204
    answer = api.ask(None, method, link, **({"data": {**FORM, "case": case}} if method == "POST" else {}))
    assert answer.status_code == 410
    read = JustHTML(answer.text).to_text()
    assert "This link was revoked" in read
    assert not any(name in read for name in (case, "Blackpool", "e1"))
    assert [one.state.value for one in api.deployment.cases()] == ["open"]


def test_the_revocation_is_on_the_audit_once_with_the_council(api: Api) -> None:
    _, alert, _ = api.alerted_case()
    assert [revoke(api, alert), revoke(api, alert.lower())] == [204, 204]
    assert revocations(api) == [(alert, BLACKPOOL)]


def test_the_contacts_get_a_new_link_for_a_case_that_is_still_open(api: Api) -> None:
    case, alert, link = api.alerted_case()
    revoke(api, alert)
    api.deployment.tick(seconds=31)
    assert len(api.deployment.mails()) == 2
    other = newest_link(api)
    assert other != link
    done = api.ask(None, "POST", other, data={"name": "Asha Patel", "case": case})
    assert (done.status_code, [one.state.value for one in api.deployment.cases()]) == (303, ["acknowledged"])


def test_a_case_that_somebody_acts_on_sends_no_new_message(api: Api) -> None:
    case, alert, link = api.alerted_case()
    api.ask(None, "POST", link, data={"name": "Asha Patel", "case": case})
    revoke(api, alert)
    api.deployment.tick(hours=1)
    assert len(api.deployment.mails()) == 1
    assert api.ask(None, "GET", link).status_code == 410


def test_an_older_link_is_revoked_without_a_message_where_a_later_one_is_out(api: Api) -> None:
    _, alert, link = api.alerted_case()
    api.deployment.tick(days=8)
    sent = len(api.deployment.mails())
    assert sent > 1
    revoke(api, alert)
    api.deployment.tick(seconds=31)
    assert len(api.deployment.mails()) == sent
    assert api.ask(None, "GET", link).status_code == 410
    assert api.ask(None, "GET", newest_link(api)).status_code == 200


@pytest.mark.parametrize("who", ["cardiff", "raven", "regulator", None])
def test_nobody_else_revokes_the_link_of_a_council(api: Api, who: str | None) -> None:
    _, alert, link = api.alerted_case()
    answer = api.ask(who, "POST", f"/v1/alerts/{alert}/link/revocation", json=BY)
    assert problem_of(answer)[0] in {401, 403, 404}
    assert api.ask(None, "GET", link).status_code == 200
    assert revocations(api) == []


@pytest.mark.parametrize("seed", range(5))
def test_all_links_of_a_council_are_revoked_at_once_and_every_open_case_has_a_new_one(api: Api, seed: int) -> None:
    random, deployment = Random(seed), api.deployment
    for number in range(random.randint(1, 4)):
        deployment.put_entries({**ENTRY, "entry_id": f"e{number}", "cli": f"01632 96012{number}"})
        deployment.post_notices({**NOTICE, "id": f"n{number}", "cli": f"01632 96012{number}"})
        deployment.tick(seconds=random.choice([31, 90, 3_600]))
    links = {word for mail in deployment.mails() for word in mail.message.text.split() if "/a/" in word}
    assert revoke_links_of(deployment.store, BLACKPOOL, "Asha Patel") == len(links)
    deployment.tick(seconds=31)
    assert {api.ask(None, "GET", link).status_code for link in links} == {410}
    page = api.ask(None, "GET", newest_link(api)).text
    assert all(case.reference in page for case in deployment.cases())
    assert len(revocations(api)) == len(links)


DESK, DEPUTY = "mailto://desk.example", "mailto://deputy.example"


@pytest.fixture
def two(api: Api) -> Api:
    # The duty desk and a deputy both get every message.
    contacts = (
        Contact(person="duty desk", channel="route", address=DESK),
        Contact(person="deputy", channel="route", address=DEPUTY),
    )
    policy = CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=contacts),))
    set_policy(api.deployment.store, BLACKPOOL, policy, by="Test Setup")
    return api


def revoke_of(api: Api, alert: str, contact: str) -> int:
    body = {**BY, "contact": contact}
    return api.ask("blackpool", "POST", f"/v1/alerts/{alert}/link/revocation", json=body).status_code


def statuses(api: Api, *links: str) -> list[int]:
    return [api.ask(None, "GET", link).status_code for link in links]


def test_the_link_of_one_contact_is_revoked_and_a_colleagues_still_works(two: Api) -> None:
    _, alert, _ = two.alerted_case()
    desk, deputy = newest_link(two, DESK), newest_link(two, DEPUTY)
    assert [revoke_of(two, alert, "duty desk") for _ in range(2)] == [204, 204]
    assert statuses(two, desk, deputy) == [410, 200]
    assert "This link was revoked" in two.ask(None, "GET", desk).text
    two.deployment.tick(seconds=31)
    assert len(two.deployment.mails()) == 2
    (fields,) = said(two.deployment, AuditAction.CONTACT_LINK_REVOKED)
    assert fields["alert"] == alert
    assert "desk" not in str(fields)


def test_when_the_last_contacts_link_is_revoked_everybody_gets_a_new_one(two: Api) -> None:
    case, alert, _ = two.alerted_case()
    for contact in ("duty desk", "deputy"):
        assert revoke_of(two, alert, contact) == 204
    two.deployment.tick(days=1)
    links = [newest_link(two, route) for route in (DESK, DEPUTY)]
    assert statuses(two, *links) == [200, 200]
    assert all(case in two.ask(None, "GET", link).text for link in links)


@pytest.mark.parametrize("contact", ["Duty Desk", "somebody else", "operator"])
def test_a_contact_who_had_no_message_of_the_alert_is_not_found(two: Api, contact: str) -> None:
    _, alert, _ = two.alerted_case()
    assert revoke_of(two, alert, contact) == 404
    assert statuses(two, newest_link(two, DESK)) == [200]


def test_all_links_of_one_contact_are_revoked_at_once(two: Api) -> None:
    two.alerted_case()
    two.deployment.tick(days=8)
    desk, deputy = newest_link(two, DESK), newest_link(two, DEPUTY)
    alerts = {mail.reference.partition(".")[0] for mail in two.deployment.mails()}
    assert revoke_links_of(two.deployment.store, BLACKPOOL, "Asha Patel", "duty desk") == len(alerts)
    assert revoke_links_of(two.deployment.store, BLACKPOOL, "Asha Patel", "duty desk") == 0
    assert statuses(two, desk, deputy) == [410, 200]
