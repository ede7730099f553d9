from __future__ import annotations

from datetime import datetime, time

import pytest

from services.alerts.policy.policy import CouncilPolicy, Tier
from services.core.clock import LONDON
from tests.scenarios.escalation.three_tiers import lines, person, sent
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.one_line import notice


def policy(*people: str, day_starts: time = time(9)) -> CouncilPolicy:
    desk = Tier(label="desk", from_days=56, contacts=tuple(person(one) for one in people))
    return CouncilPolicy(tiers=(desk,), day_starts=day_starts)


@pytest.fixture
def waiting(deployment: Deployment) -> Deployment:
    """Return a deployment whose newest message has reached only the second of two people."""
    set_verified_policy(deployment.store, BLACKPOOL, policy("first"))
    deployment.put_entries(*lines(2))
    deployment.post_notices(notice("n0", in_days=40) | {"cli": lines(2)[0]["cli"]})
    deployment.tick(minutes=2)
    set_verified_policy(deployment.store, BLACKPOOL, policy("first", "second"))
    deployment.post_notices(notice("n1", in_days=40) | {"cli": lines(2)[1]["cli"]})
    deployment.tick(minutes=2)
    # For the first person, the newest message waits until Tuesday at nine.
    assert [one.contact for one in sent(deployment)] == ["first", "second"]
    return deployment


@pytest.mark.parametrize("hour", [8, 9, 10])
def test_what_waits_for_the_start_of_a_day_goes_out_when_the_day_starts_by_the_new_policy(
    waiting: Deployment, hour: int
) -> None:
    set_verified_policy(waiting.store, BLACKPOOL, policy("first", "second", day_starts=time(hour)))
    waiting.tick(seconds=0)
    starts = datetime(2026, 11, 24, hour, tzinfo=LONDON)
    waiting.clock.set(starts)
    waiting.tick(minutes=-1)
    assert len(sent(waiting)) == 2
    waiting.tick(minutes=2)
    assert [one.contact for one in sent(waiting)] == ["first", "second", "first"]
