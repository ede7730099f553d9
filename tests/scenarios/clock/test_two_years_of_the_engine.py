from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from services.alerts.case.due_check import due_differences
from services.audit.check import audit_differences
from services.storage.tables import alerts, cases, deliveries
from tests.scenarios.escalation.three_tiers import three_tiers
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, TODAY, notice
from tests.support.people import acknowledge_last
from tests.unit.alerts.policy.two_years import wall

WEEK = timedelta(days=7)
ENDS = timedelta(days=730)


def next_due(deployment: Deployment) -> datetime:
    columns = (cases.c.due_at, deliveries.c.due_at, alerts.c.check_at)
    with deployment.store.reading() as connection:
        found = [connection.scalar(select(func.min(column)).where(column.is_not(None))) for column in columns]
    earliest: datetime = min(moment for moment in found if moment is not None)
    return earliest


def play(deployment: Deployment, in_days: int, *, answered: bool) -> list[datetime]:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=in_days))
    deployment.settle()
    times: list[datetime] = []
    ends = deployment.clock.now() + ENDS
    while deployment.clock.now() < ends:
        told = len(deployment.mails())
        now = max(next_due(deployment), deployment.clock.now() + timedelta(seconds=1))
        deployment.clock.set(now)
        deployment.tick()
        case = cases_by_entry(deployment)["e1"]
        assert case.due_at is not None
        assert now < case.due_at <= now + WEEK
        if len(deployment.mails()) > told:
            times.append(now)
            if answered:
                acknowledge_last(deployment)
    with deployment.store.reading() as connection:
        assert [*audit_differences(connection, deployment.store), *due_differences(connection, deployment.store)] == []
    return times


# After the harmful day an acknowledgement pauses two hours only, so that case comes to its day at the end.
@pytest.mark.parametrize(("answered", "in_days"), [(False, 560), (True, 728)], ids=["nobody answers", "acknowledged"])
def test_an_open_case_is_told_of_for_two_years(deployment: Deployment, answered: bool, in_days: int) -> None:
    times = play(deployment, in_days, answered=answered)
    harm = datetime.combine(TODAY, time()) + timedelta(days=in_days)
    before, since = ([one for one in times if (wall(one) >= harm) is late] for late in (False, True))
    # The first message comes eight weeks before the day, or on the working day before that.
    assert timedelta(days=54) < harm - wall(before[0]) < timedelta(days=61)
    # A week is the longest pause and the longest repeat; a closed day comes to it.
    assert max(later - sooner for sooner, later in pairwise(before)) <= timedelta(days=12)
    assert all(later - sooner <= timedelta(days=6) for sooner, later in pairwise(since))
    assert times[-1] > deployment.clock.now() - timedelta(days=6)
    # In the night only when the day is near.
    assert all(wall(one) >= harm - timedelta(days=2) for one in times if not 7 <= wall(one).hour < 22)
