from __future__ import annotations

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.message.unverified import NOTE
from services.alerts.policy.councils import load_council, set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.tables import alerts, deliveries
from tests.support.contacts import verify_all
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import ENTRY, notice

OPERATOR = "mailto://operator.example"
REFUSED = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")


def contact(person: str, host: str = "", channel: str = "route") -> Contact:
    return Contact(person=person, channel=channel, address=f"mailto://{host or person}.example")


def policy(**tiers: tuple[Contact, ...]) -> CouncilPolicy:
    days = iter((56, 7, 0))
    made = tuple(Tier(label=label, from_days=next(days), contacts=c) for label, c in tiers.items())
    return CouncilPolicy(tiers=made, one_digest_a_day=False)


def with_policy(deployment: Deployment, made: CouncilPolicy, *, verified: CouncilPolicy | None = None) -> Deployment:
    # First the addresses of `verified` are verified.
    set_policy(deployment.store, BLACKPOOL, verified or CouncilPolicy(), by="Test Setup")
    verify_all(deployment.store, BLACKPOOL)
    set_policy(deployment.store, BLACKPOOL, made, by="Test Setup")
    deployment.put_entries(ENTRY)
    return deployment


def told(deployment: Deployment) -> dict[str, bool]:
    """Map each recipient to True if the message says that nobody has verified the address."""
    found = {}
    for mail in deployment.mails():
        marked = NOTE in " ".join(mail.message.text.split())
        assert (NOTE in mail.message.html) is marked
        found[mail.route.removeprefix("mailto://").removesuffix(".example")] = marked
    return found


DESK, MANAGER, HEAD = (contact(person) for person in ("desk", "manager", "head"))
THREE = policy(duty=(DESK,), manager=(MANAGER,), head=(HEAD,))


@pytest.mark.parametrize(
    ("verified", "expected"),
    [
        (policy(duty=(DESK,)), {"desk": False}),
        (policy(duty=(MANAGER,)), {"desk": True, "manager": False}),
        (policy(duty=(HEAD,)), {"desk": True, "manager": True, "head": False}),
        (policy(), {"desk": True, "manager": True, "head": True, "operator": False}),
    ],
    ids=["nobody else", "the next tier", "the tier after it", "the operator"],
)
def test_the_next_tier_or_the_operator_is_told_too(
    deployment: Deployment, verified: CouncilPolicy, expected: dict[str, bool]
) -> None:
    with_policy(deployment, THREE, verified=verified).post_notices(notice())
    deployment.tick(seconds=31)
    assert told(deployment) == expected
    assert {row.contact: not row.verified for row in rows(deployment, deliveries)} == expected


@pytest.mark.parametrize(("verified", "asked"), [((MANAGER,), 2), ((HEAD,), 3), ((), 1)])
def test_in_place_of_others_only_a_verified_address_counts_as_asked(
    deployment: Deployment, verified: tuple[Contact, ...], asked: int
) -> None:
    with_policy(deployment, THREE, verified=policy(duty=verified)).post_notices(notice(in_days=20))
    deployment.tick(seconds=31)
    assert cases_by_entry(deployment)["e1"].asked == asked


def test_a_verified_colleague_in_the_same_tier_is_cover(deployment: Deployment) -> None:
    both = policy(duty=(DESK, contact("deputy")), manager=(MANAGER,))
    with_policy(deployment, both, verified=policy(duty=(contact("deputy"),))).post_notices(notice())
    deployment.tick(seconds=31)
    assert told(deployment) == {"desk": True, "deputy": False}


def test_what_reaches_only_unverified_addresses_is_repeated_at_the_usual_pace(deployment: Deployment) -> None:
    with_policy(deployment, policy(duty=(DESK,))).post_notices(notice())
    deployment.tick(seconds=31)
    assert told(deployment) == {"desk": True, "operator": False}
    for _ in range(22):
        deployment.tick(hours=1)
    assert len(rows(deployment, alerts)) == 1


def test_a_verification_outlives_a_change_of_the_policy_and_ends_with_a_change_of_the_address(
    deployment: Deployment,
) -> None:
    deployment.with_officers(policy(duty=(DESK,)))
    deployment.put_entries(ENTRY)
    set_policy(deployment.store, BLACKPOOL, policy(duty=(DESK,), manager=(MANAGER,)), by="Test Setup")
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    assert told(deployment) == {"desk": False}
    set_policy(deployment.store, BLACKPOOL, policy(duty=(contact("desk", "elsewhere"),)), by="Test Setup")
    deployment.post_notices(notice(issued=2, in_days=3))
    deployment.tick(seconds=31)
    assert told(deployment)["elsewhere"]


def test_a_verification_holds_for_one_person_at_one_council(deployment: Deployment) -> None:
    deployment.with_officers(policy(duty=(DESK,)))
    with_policy(deployment, policy(duty=(contact("stranger", "desk"),))).post_notices(notice())
    deployment.tick(seconds=31)
    assert told(deployment) == {"desk": True, "operator": False}
    with deployment.store.reading() as connection:
        assert load_council(connection, deployment.store, BLACKPOOL).policy.tiers[0].contacts[0].person == "stranger"


def test_the_next_channel_of_a_person_follows_a_refusal_and_only_then_the_operator(deployment: Deployment) -> None:
    page = Contact(person="desk", channel="mailto", address="pager.example")
    deployment.with_officers(policy(duty=(DESK, page)))
    deployment.put_entries(ENTRY)
    deployment.channel.results = [REFUSED]
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    assert told(deployment) == {"pager": False}
    states = {row.channel: row.state for row in rows(deployment, deliveries)}
    assert states == {"route": "given_up", "mailto": "sent"}


def test_after_the_last_channel_the_operator_is_told(deployment: Deployment) -> None:
    page = Contact(person="desk", channel="mailto", address="pager.example")
    deployment.with_officers(policy(duty=(DESK, page)))
    deployment.put_entries(ENTRY)
    deployment.channel.results = [REFUSED, REFUSED]
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    assert told(deployment) == {"operator": False}
