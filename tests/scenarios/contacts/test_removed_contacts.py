from __future__ import annotations

import random

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.tables import audit, deliveries
from tests.support.contacts import set_verified_policy, verify_all
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice

LATER = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
DOUBT = SendResult(SendOutcome.IN_DOUBT, "timed_out")


def contact(person: str, host: str = "") -> Contact:
    return Contact(person=person, channel="route", address=f"mailto://{host or person}.example")


def duty(*people: Contact, head: tuple[Contact, ...] = ()) -> CouncilPolicy:
    return CouncilPolicy(
        one_digest_a_day=False,
        tiers=(Tier(label="duty", from_days=56, contacts=people), Tier(label="head", from_days=0, contacts=head)),
    )


ASHA, BEN, CARA = contact("asha"), contact("ben"), contact("cara")


def waiting(deployment: Deployment, policy: CouncilPolicy, *results: SendResult) -> Deployment:
    """Prepare a deployment with one alert. The channel answers each message with the next of `results`."""
    deployment.with_officers(policy)
    deployment.put_entries(ENTRY)
    deployment.channel.results = list(results)
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    return deployment


def told(deployment: Deployment) -> list[str]:
    return [mail.route.removeprefix("mailto://").removesuffix(".example") for mail in deployment.mails()]


def change(deployment: Deployment, policy: CouncilPolicy) -> None:
    set_verified_policy(deployment.store, BLACKPOOL, policy)
    # The outage goes on for whatever still waits.
    deployment.tick()


def test_what_reached_nobody_goes_to_the_others_at_once_and_not_to_the_removed_person(deployment: Deployment) -> None:
    waiting(deployment, duty(ASHA), LATER)
    change(deployment, duty(BEN))
    assert told(deployment) == ["ben"]
    deployment.tick(hours=2)
    assert "asha" not in told(deployment)


def test_what_waits_for_one_of_two_goes_to_whoever_takes_the_place(deployment: Deployment) -> None:
    waiting(deployment, duty(ASHA, BEN), LATER)
    assert told(deployment) == ["ben"]
    change(deployment, duty(BEN, CARA))
    assert told(deployment) == ["ben", "cara"]
    states = {row.contact: row.state for row in rows(deployment, deliveries)}
    assert states == {"asha": "not_needed", "ben": "sent", "cara": "sent"}


def test_without_a_stand_in_nobody_is_told_twice(deployment: Deployment) -> None:
    waiting(deployment, duty(ASHA, BEN), LATER)
    change(deployment, duty(BEN))
    deployment.tick(hours=1)
    assert told(deployment) == ["ben"]


def test_a_new_address_of_the_same_person_gets_what_waits_for_the_old_one(deployment: Deployment) -> None:
    waiting(deployment, duty(ASHA, BEN), LATER)
    change(deployment, duty(contact("asha", "elsewhere"), BEN))
    assert told(deployment) == ["ben", "elsewhere"]


def test_a_policy_that_keeps_its_contacts_changes_nothing_that_waits(deployment: Deployment) -> None:
    waiting(deployment, duty(ASHA, BEN), LATER)
    change(deployment, duty(ASHA, BEN, head=(CARA,)))
    deployment.tick(seconds=30)
    assert sorted(told(deployment)) == ["asha", "ben"]


def test_each_message_that_is_not_sent_any_more_is_on_the_audit(deployment: Deployment) -> None:
    waiting(deployment, duty(ASHA, BEN), LATER)
    change(deployment, duty(BEN))
    (asha,) = (row.pk for row in rows(deployment, deliveries) if row.contact == "asha")
    noted = [row.fields["delivery"] for row in rows(deployment, audit) if row.action == "delivery_not_needed"]
    assert noted == [asha]


def test_whoever_may_have_had_a_message_in_doubt_makes_the_council_hear_of_the_end(deployment: Deployment) -> None:
    waiting(deployment, duty(ASHA), DOUBT)
    change(deployment, duty(BEN))
    assert "ben" in told(deployment)
    deployment.post_notices({**notice(issued=2), "status": "withdrawn"})
    deployment.tick(minutes=2)
    assert "No longer planned" in deployment.mails()[-1].message.subject


@pytest.mark.parametrize("seed", range(12))
def test_after_any_changes_nobody_gone_is_told_and_somebody_present_is(deployment: Deployment, seed: int) -> None:
    dice = random.Random(seed)
    people = [contact(f"p{number}") for number in range(4)]
    waiting(deployment, duty(*people[:2]), *dice.choices((LATER, DOUBT), k=2))
    for _ in range(dice.randint(1, 3)):
        present = dice.sample(people, dice.randint(1, 3))
        before = len(deployment.mails())
        deployment.channel.results = dice.choices((LATER, DOUBT), k=dice.randint(0, 2))
        set_policy(deployment.store, BLACKPOOL, duty(*present), by="Test Setup")
        verify_all(deployment.store, BLACKPOOL)
        deployment.tick(seconds=dice.randint(0, 40))
        assert set(told(deployment)[before:]) <= {one.person for one in present} | {"operator"}
    deployment.channel.results = []
    deployment.tick(minutes=2)
    deployment.tick(minutes=2)
    assert {one.person for one in people} & set(told(deployment))
    states = {row.state for row in rows(deployment, deliveries)}
    assert states <= {"sent", "not_needed"}
