"""An address that nobody has verified gets everything and covers for nobody."""

from __future__ import annotations

import random

import pytest

from services.alerts.delivery.contacts.cover import first_addresses, further_addresses, is_cover, recipients
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier


def contact(person: str, channel: str = "email") -> Contact:
    return Contact(person=person, channel=channel, address=f"{person}@council.example")


def tier(label: str, from_days: int, *people: str) -> Tier:
    return Tier(label=label, from_days=from_days, contacts=tuple(contact(person) for person in people))


DUTY, MANAGER, HEAD = tier("duty", 56, "desk", "deputy"), tier("manager", 7, "manager"), tier("head", 0, "head")
POLICY = CouncilPolicy(tiers=(HEAD, DUTY, MANAGER))


@pytest.mark.parametrize(
    ("verified", "asked", "told", "covered"),
    [
        ("desk", [DUTY], "desk deputy", True),
        ("deputy", [DUTY], "desk deputy", True),
        ("manager head", [DUTY], "desk deputy manager", True),
        ("head", [DUTY], "desk deputy manager head", True),
        ("", [DUTY], "desk deputy manager head", False),
        ("desk", [DUTY, MANAGER], "desk deputy manager head", False),
        ("desk head", [DUTY, MANAGER], "desk deputy manager head", True),
        ("desk manager", [DUTY, MANAGER], "desk deputy manager", True),
        ("manager", [HEAD], "head", False),
        ("desk", [], "", False),
    ],
)
def test_after_a_tier_without_a_verified_address_comes_the_next_and_last_the_operator(
    verified: str, asked: list[Tier], told: str, covered: bool
) -> None:
    found = recipients(POLICY, asked, lambda one: one.person in verified.split())
    assert [one.person for _, one in found.contacts] == told.split()
    assert found.covered is covered


def test_a_tier_without_contacts_covers_for_nobody() -> None:
    policy = CouncilPolicy(tiers=(DUTY, Tier(label="empty", from_days=14), MANAGER))
    found = recipients(policy, [DUTY], lambda one: one.person == "manager")
    assert ([label for label, _ in found.contacts], found.covered) == (["duty", "duty", "manager"], True)


@pytest.mark.parametrize("seed", range(200))
def test_whoever_is_asked_is_told_and_somebody_verified_or_the_operator_covers_for_each_tier(seed: int) -> None:
    dice = random.Random(seed)
    tiers = tuple(tier(f"t{n}", 60 - n, *(f"p{n}{m}" for m in range(dice.randint(0, 3)))) for n in range(5))
    verified = {one for each in tiers for one in each.contacts if dice.random() < dice.choice((0.1, 0.5))}
    asked = [each for each in tiers if each.contacts and dice.random() < 0.5]
    found = recipients(CouncilPolicy(tiers=tiers), asked, verified.__contains__)
    told = [label for label, _ in found.contacts]
    assert {each.label for each in asked} <= set(told)
    used = [each for each in tiers if each.contacts]
    for position, each in enumerate(used):
        if each.label in told and not verified.intersection(each.contacts):
            # The next tier is told too, or the operator after the last.
            assert used[position + 1].label in told if position + 1 < len(used) else not found.covered
    # Nobody is added without need.
    for position, each in enumerate(used):
        if each.label in told and each not in asked:
            assert not verified.intersection(used[position - 1].contacts)


def test_of_a_person_with_several_addresses_the_first_verified_one_is_enough() -> None:
    mail, text, page = (contact("desk", channel) for channel in ("email", "sms", "webhook"))
    other = contact("deputy")
    every = (mail, text, other, page)
    assert first_addresses(every, {mail}.__contains__) == [mail, other]
    assert first_addresses(every, {text}.__contains__) == [mail, text, other]
    assert first_addresses(every, set[Contact]().__contains__) == list(every)
    assert further_addresses(every, "desk", {"email"}, {text}.__contains__) == [text]
    assert further_addresses(every, "desk", {"email"}, {page}.__contains__) == [text, page]
    assert further_addresses(every, "desk", {"email", "sms", "webhook"}, {page}.__contains__) == []


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_was_accepted_at_a_verified_address_counts(state: DeliveryState) -> None:
    assert is_cover(state, verified=True) is (state is DeliveryState.SENT)
    assert not is_cover(state, verified=False)
