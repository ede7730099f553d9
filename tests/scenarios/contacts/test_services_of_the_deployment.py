from __future__ import annotations

from dataclasses import replace

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.operator.contact_services import ContactServices
from services.storage.store import OperatorPolicy, Store
from services.storage.tables import deliveries
from services.storage.vault import place
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice

OLD = ContactServices(
    mail_server="mailto://old.example", text_service="vonage://abcd1234:secretword123456@447700900000"
)
NEW = ContactServices(mail_server="mailto://new.example?mode=starttls")
LATER = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
MAIL = Contact(person="duty desk", channel="email", address="Jo Bloggs <jo@council.example>")
TEXT = Contact(person="duty mobile", channel="sms", address="+447700900123")


def with_services(deployment: Deployment, services: ContactServices) -> Store:
    store = replace(deployment.store, policy=OperatorPolicy(services=services))
    deployment.engine = replace(deployment.engine, store=store)
    deployment.dispatcher.store = store
    return store


def alerted(deployment: Deployment, *contacts: Contact) -> list[str]:
    deployment.with_officers(CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=contacts),)))
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    return [mail.route for mail in deployment.mails()]


def test_each_channel_goes_through_its_service(deployment: Deployment) -> None:
    with_services(deployment, OLD)
    assert sorted(alerted(deployment, MAIL, TEXT)) == [
        "mailto://old.example?to=Jo%20Bloggs%20%3Cjo%40council.example%3E",
        "vonage://abcd1234:secretword123456@447700900000/+447700900123",
    ]


def test_what_waits_goes_through_the_mail_server_that_was_set_meanwhile(deployment: Deployment) -> None:
    with_services(deployment, OLD)
    deployment.channel.results = [LATER]
    assert alerted(deployment, MAIL) == []
    with_services(deployment, NEW)
    deployment.tick(seconds=30)
    (mail,) = deployment.mails()
    assert mail.route == "mailto://new.example?mode=starttls&to=Jo%20Bloggs%20%3Cjo%40council.example%3E"


@pytest.mark.parametrize("contact", [MAIL, TEXT, MAIL.model_copy(update={"channel": "notify_email"})])
def test_without_the_service_the_operator_is_told_in_place_of_the_contact(
    deployment: Deployment, contact: Contact
) -> None:
    with_services(deployment, ContactServices())
    deployment.channel.results = [SendResult(SendOutcome.FAILED_PERMANENT, "route_not_understood")]
    assert alerted(deployment, contact) == ["mailto://operator.example"]
    assert {row.contact: row.state for row in rows(deployment, deliveries)} == {
        contact.person: "given_up",
        "operator": "sent",
    }


def test_no_password_of_a_service_is_stored_with_a_delivery_or_a_policy(deployment: Deployment) -> None:
    store = with_services(deployment, OLD)
    alerted(deployment, MAIL, TEXT)
    opened = [store.vault.open(place("deliveries", row.pk), row.address_sealed) for row in rows(deployment, deliveries)]
    assert opened == ["Jo Bloggs <jo@council.example>", "+447700900123"]
    with store.reading() as connection:
        assert "secretword" not in load_council(connection, store, BLACKPOOL).policy.stored()
