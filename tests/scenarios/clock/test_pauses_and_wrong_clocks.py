from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.audit.check import audit_differences
from tests.scenarios.escalation.three_tiers import pass_time, sent, three_tiers
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last


def paused_until(deployment: Deployment) -> datetime | None:
    return cases_by_entry(deployment)["e1"].paused_until


def differences(deployment: Deployment) -> list[str]:
    with deployment.store.reading() as connection:
        return [one.what for one in audit_differences(connection, deployment.store)]


@pytest.mark.parametrize("behind", [timedelta(hours=1), timedelta(hours=20)], ids=str)
def test_a_clock_that_was_slow_during_a_pause_puts_off_no_message(deployment: Deployment, behind: timedelta) -> None:
    deployment.with_officers(three_tiers(acknowledgement_hours=48))
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=25))
    deployment.tick(seconds=31)
    # Also by the slow clock the officer has had the message.
    deployment.tick(seconds=(behind + timedelta(hours=1)).total_seconds())
    acknowledge_last(deployment)
    ends, right = paused_until(deployment), deployment.clock.now()
    deployment.clock.set(right - behind)
    deployment.tick(seconds=1)
    deployment.clock.set(right)
    deployment.tick(seconds=1)
    assert ends is not None
    assert differences(deployment) == []
    before = len(sent(deployment))
    pass_time(deployment, minutes=50 * 60)
    assert len(sent(deployment)) > before
    # The pause may be shorter by what the clock was slow.
    assert ends - behind <= sent(deployment)[before].at <= ends + timedelta(minutes=10)


def test_a_pause_that_a_fast_clock_wrote_ends_in_time_for_a_visit(deployment: Deployment) -> None:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    # The line moves on Wednesday, and it is Monday.
    deployment.post_notices(notice(in_days=2))
    deployment.tick(seconds=31)
    right = deployment.clock.now()
    deployment.clock.set(right + timedelta(days=2))
    deployment.tick(seconds=1)
    acknowledge_last(deployment)
    deployment.clock.set(right)
    deployment.tick(seconds=1)
    assert str(paused_until(deployment)) == "2026-11-24 12:00:00+00:00"
    assert differences(deployment) == []


@pytest.mark.parametrize("beyond", [timedelta(hours=2), timedelta(hours=16)], ids=["by day", "by night"])
def test_a_pause_that_a_fast_clock_ended_goes_on_and_ends_with_a_message(
    deployment: Deployment, beyond: timedelta
) -> None:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=45))
    deployment.tick(seconds=31)
    acknowledge_last(deployment)
    ends, right = paused_until(deployment), deployment.clock.now()
    assert ends is not None
    # By day the fast clock sends the message that ends the pause. By night the message waits.
    deployment.clock.set(ends + beyond)
    deployment.tick(seconds=1)
    deployment.clock.set(right)
    deployment.tick(seconds=1)
    assert differences(deployment) == []
    before = len(deployment.mails())
    while deployment.clock.now() + timedelta(hours=1) < ends:
        deployment.tick(hours=1)
    assert len(deployment.mails()) == before, "nothing has become known since the officer acted"
    deployment.tick(hours=1)
    assert len(deployment.mails()) == before + 1
