from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.alerts.delivery.contacts.contact_keys import contact_id, contact_key
from services.alerts.delivery.contacts.verification import ask_code, code_of, verified_contacts, verify_contact
from services.alerts.policy.policy import Contact
from services.core.errors import RefusedError, TooOftenError
from services.core.tokens import Tokeniser
from services.storage.tables import audit, contact_verifications
from services.storage.unit_of_work import UnitOfWork
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import rows

DESK = Contact(person="duty desk", channel="email", address="Jo Bloggs <jo@council.example>")
SOMEBODY = "Asha Patel"


def asked(deployment: Deployment, contact: Contact = DESK) -> str:
    with deployment.store.writing() as connection:
        work = UnitOfWork(connection, deployment.store, deployment.store.now())
        return ask_code(work, BLACKPOOL, contact, SOMEBODY)


def verify(deployment: Deployment, code: str, contact: Contact = DESK) -> None:
    verify_contact(deployment.store, BLACKPOOL, contact, code, SOMEBODY)


def is_verified(deployment: Deployment, contact: Contact = DESK, feed: str = BLACKPOOL) -> bool:
    with deployment.store.reading() as connection:
        return contact in verified_contacts(connection, deployment.store.tokeniser, feed, [contact])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def refusal(deployment: Deployment, code: str, contact: Contact = DESK) -> str:
    with pytest.raises(RefusedError) as refused:
        verify(deployment, code, contact)
    assert not is_verified(deployment, contact)
    return str(refused.value)


def test_a_contact_is_verified_by_its_code_however_the_digits_are_spaced(deployment: Deployment) -> None:
    code = asked(deployment)
    assert re.fullmatch("[0-9]{6}", code)
    assert not is_verified(deployment)
    verify(deployment, f" {code[:3]} {code[3:]} ")
    assert is_verified(deployment)
    with pytest.raises(RefusedError, match="no code is waiting"):
        verify(deployment, code)


@pytest.mark.parametrize(("minutes", "works"), [(0, True), (14.9, True), (15, False), (60, False)])
def test_a_code_works_for_a_quarter_of_an_hour(deployment: Deployment, minutes: float, works: bool) -> None:
    code = asked(deployment)
    deployment.clock.advance(minutes=minutes)
    if works:
        verify(deployment, code)
    else:
        assert "the code has ended after 15 minutes" in refusal(deployment, code)
    assert is_verified(deployment) is works


def test_after_five_wrong_tries_the_right_code_does_not_work_either(deployment: Deployment) -> None:
    code = asked(deployment)
    said = [refusal(deployment, wrong(code)) for _ in range(5)]
    assert "4 more tries" in said[0]
    assert "it has ended" in said[4]
    assert "too many wrong tries" in refusal(deployment, code)
    deployment.clock.advance(minutes=1)
    verify(deployment, asked(deployment))
    assert is_verified(deployment)


def test_a_newer_code_replaces_the_older_one(deployment: Deployment) -> None:
    first, second = asked(deployment), asked(deployment)
    assert "not the code" in refusal(deployment, first)
    verify(deployment, second)


@pytest.mark.parametrize(
    ("changed", "stays"),
    [
        ({"address": "jo@council.example"}, True),
        ({"address": "J. Bloggs <jo@council.example>"}, True),
        ({"address": "al@council.example"}, False),
        ({"person": "night desk"}, False),
        ({"channel": "notify_email"}, False),
    ],
)
def test_a_verification_is_of_one_person_one_channel_and_one_address(
    deployment: Deployment, changed: dict[str, str], stays: bool
) -> None:
    verify(deployment, asked(deployment))
    fields = {"person": DESK.person, "channel": DESK.channel, "address": DESK.address.get_secret_value()}
    assert is_verified(deployment, Contact.model_validate(fields | changed)) is stays
    assert not is_verified(deployment, DESK, "council:W06000015")


def test_one_contact_is_not_sent_more_than_ten_codes_in_an_hour(deployment: Deployment) -> None:
    for _ in range(10):
        asked(deployment)
    with pytest.raises(TooOftenError, match="10 codes and test messages within an hour"):
        asked(deployment)
    # Nobody else is held up by it.
    asked(deployment, Contact(person="night desk", channel="email", address="al@council.example"))
    deployment.clock.advance(hours=1, seconds=1)
    asked(deployment)


def test_neither_the_code_nor_the_address_is_in_the_database(deployment: Deployment) -> None:
    code = asked(deployment)
    with deployment.store.reading() as connection:
        dumped = "\n".join(dump(connection))
    assert code not in dumped
    assert "jo@council.example" not in dumped
    (row,) = (row for row in rows(deployment, contact_verifications) if row.nonce)
    # With another key the stored number leads to another code.
    assert code_of(Tokeniser(b"x" * 32), row.contact_key, row.nonce) != code


def dump(connection: object) -> Iterator[str]:
    for table in ("contact_verifications", "audit", "deliveries", "alerts"):
        for row in connection.execute(text(f"SELECT * FROM {table}")):  # type: ignore[attr-defined]
            yield repr(tuple(row))


def test_what_was_asked_tried_and_done_is_on_the_audit_with_the_person(deployment: Deployment) -> None:
    code = asked(deployment)
    refusal(deployment, wrong(code))
    verify(deployment, code)
    key = contact_id(contact_key(deployment.store.tokeniser, BLACKPOOL, DESK))
    found = [(row.action, row.fields) for row in rows(deployment, audit) if row.action.startswith("contact_")]
    assert found == [(f"contact_{done}", {"contact": key}) for done in ("code_sent", "code_refused", "verified")]
    assert all(row.actor_sealed for row in rows(deployment, audit) if row.action.startswith("contact_"))


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_every_code_has_six_digits(key: bytes, nonce: bytes) -> None:
    assert re.fullmatch("[0-9]{6}", code_of(Tokeniser(b"t" * 32), key, nonce))
