from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import select, update

from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.runtime.cli.commands.running.status_report import stand
from services.runtime.settings import Settings
from services.storage.feeds import add_feed
from services.storage.tables import feeds, quarantine
from services.storage.vault import place
from tests.scenarios.consent.many_lines import ended, entry, notice, waiting, withdrawn
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY
from tests.support.one_line import notice as one_notice

DESK, OPERATOR = "mailto://desk.example", "mailto://operator.example"
POLICY = CouncilPolicy(
    tiers=(Tier(label="duty", from_days=56, contacts=(Contact(person="duty desk", channel="route", address=DESK),)),),
    relaxed_without_consent=1_000,
)


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    return deployment.with_officers(POLICY)


def hurt(deployment: Deployment, how: str) -> None:
    row, vault = feeds.c, deployment.store.vault
    with deployment.store.writing() as connection:
        sealed: bytes = connection.scalars(select(row.policy_sealed).where(row.feed_id == BLACKPOOL)).one()
        at = {"the first byte": 0, "the key's name": 1, "the nonce": 4, "the text": 20, "the tag": -1}
        other = {
            "cut short": sealed[:9],
            "empty": b"",
            "moved from another council": vault.seal(place("feeds", b"council:W06000015"), {}),
            "no policy": vault.seal(place("feeds", BLACKPOOL.encode()), {"thresholds": "weekly"}),
        }
        damaged = bytearray(sealed)
        if how in at:
            damaged[at[how]] ^= 1
        value = other.get(how, bytes(damaged))
        connection.execute(update(feeds).where(row.feed_id == BLACKPOOL).values(policy_sealed=value))


WAYS = [
    "the first byte",
    "the key's name",
    "the nonce",
    "the text",
    "the tag",
    "cut short",
    "empty",
    "moved from another council",
    "no policy",
]


def told(deployment: Deployment) -> list[str]:
    return [mail.message.subject for mail in deployment.mails() if mail.route == OPERATOR]


def of_cases(deployment: Deployment) -> list[str]:
    return [subject for subject in told(deployment) if "Blackpool" in subject]


@pytest.mark.parametrize("how", WAYS)
def test_the_operator_has_the_alerts_of_the_council_and_is_told_of_the_damage(council: Deployment, how: str) -> None:
    hurt(council, how)
    council.put_entries(ENTRY)
    council.post_notices(one_notice())
    council.tick(seconds=31)
    council.tick(seconds=31)
    assert len(of_cases(council)) == 1
    assert len([subject for subject in told(council) if "set aside" in subject]) == 1
    (damage,) = [mail.message.text for mail in council.mails() if "set aside" in mail.message.subject]
    assert f"feeds:{BLACKPOOL}" in damage
    assert "pullcord policy set" in damage
    assert [row.event_id for row in rows(council, quarantine)] == [f"feeds:{BLACKPOOL}"]


@pytest.mark.parametrize("seed", range(6))
def test_any_bytes_of_the_policy_may_be_damaged_and_every_threshold_is_still_told(
    council: Deployment, seed: int
) -> None:
    chance, row = Random(seed), feeds.c
    council.put_entries(ENTRY)
    council.post_notices(one_notice(in_days=30))
    council.tick(seconds=31)
    with council.store.writing() as connection:
        sealed = bytearray(connection.scalars(select(row.policy_sealed).where(row.feed_id == BLACKPOOL)).one())
        for _ in range(chance.randint(1, 4)):
            sealed[chance.randrange(len(sealed))] ^= chance.randint(1, 255)
        connection.execute(update(feeds).where(row.feed_id == BLACKPOOL).values(policy_sealed=bytes(sealed)))
    for _ in range(31):
        council.tick(days=1)
    # At 28, 14, 7, 2 and 0 days, and the repeats between.
    assert len(of_cases(council)) >= 5
    assert [mail.route for mail in council.mails()].count(DESK) == 1


def test_no_feed_ends_or_delays_a_case_by_the_default_policy(council: Deployment) -> None:
    council.put_entries(*map(entry, range(8)))
    council.post_notices(*map(notice, range(8)))
    council.tick(seconds=31)
    hurt(council, "the text")
    council.post_notices(*map(withdrawn, range(8)))
    council.tick(seconds=31)
    assert (ended(council), len(waiting(council))) == (set(), 8)


def test_another_council_is_told_by_its_own_policy(council: Deployment) -> None:
    cardiff = add_feed(council.store, "council", "W06000015", "Cardiff")
    desk = Contact(person="duty desk", channel="route", address="mailto://cardiff.example")
    set_verified_policy(
        council.store, cardiff, CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=(desk,)),))
    )
    hurt(council, "the tag")
    council.put_entries(ENTRY)
    council.put_entries(entry(5), feed=cardiff)
    council.post_notices(one_notice(), notice(5))
    council.tick(seconds=31)
    assert [mail.route for mail in council.mails()].count("mailto://cardiff.example") == 1
    assert len(of_cases(council)) == 1


def test_the_council_has_its_alerts_again_once_a_policy_is_set_anew(council: Deployment) -> None:
    hurt(council, "the nonce")
    council.put_entries(entry(5))
    council.post_notices(notice(5))
    council.tick(seconds=31)
    assert len(told(council)) > 0
    set_verified_policy(council.store, BLACKPOOL, POLICY)
    council.put_entries(ENTRY)
    council.post_notices(one_notice())
    before = len(council.mails())
    council.tick(days=2)
    # The desk has them first. After a working day without an answer the operator is asked too.
    assert council.mails()[before].route == DESK
    assert rows(council, quarantine) == []


def test_the_council_is_marked_where_its_policy_is_shown(council: Deployment) -> None:
    council.put_entries(ENTRY)
    council.post_notices(one_notice())
    council.tick(seconds=31)
    hurt(council, "the text")
    with council.store.reading() as connection:
        assert load_council(connection, council.store, BLACKPOOL).damaged
    faults = " ".join(stand(council.store, Settings()).faults)
    assert "the policy of Blackpool is damaged, and the operator has its alerts" in faults
