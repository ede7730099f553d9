from __future__ import annotations

import random

import pytest

from services.alerts.delivery.contacts.cover import first_addresses
from services.alerts.policy.policy import Contact


def contact(person: str, channel: str = "email") -> Contact:
    return Contact(person=person, channel=channel, address=f"{person}@council.example")


MAIL, TEXT, HOOK = (contact("desk", channel) for channel in ("email", "sms", "webhook"))


def test_a_person_is_reached_by_the_first_address_if_it_is_verified() -> None:
    assert first_addresses([MAIL, TEXT, HOOK], {MAIL, TEXT}) == [MAIL]


def test_before_the_first_verified_address_the_unverified_ones_get_it_too() -> None:
    assert first_addresses([MAIL, TEXT, HOOK], {TEXT}) == [MAIL, TEXT]
    assert first_addresses([MAIL, TEXT, HOOK], set()) == [MAIL, TEXT, HOOK]


@pytest.mark.parametrize("seed", range(200))
def test_each_person_gets_it_at_one_verified_address_at_most_and_at_none_after_it(seed: int) -> None:
    dice = random.Random(seed)
    contacts = [contact(dice.choice("abc"), f"kind{number}") for number in range(dice.randint(0, 8))]
    verified = {one for one in contacts if dice.random() < 0.4}
    found = first_addresses(contacts, verified)
    for person in "abc":
        mine = [one for one in contacts if one.person == person]
        end = next((place + 1 for place, one in enumerate(mine) if one in verified), len(mine))
        assert [one for one in found if one.person == person] == mine[:end]
