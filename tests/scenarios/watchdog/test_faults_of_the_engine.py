from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy import policy
from services.alerts.review import withdrawal
from services.alerts.states.machine import CLOCK_STOPPED
from services.watchdog.findings import FaultKind
from tests.scenarios.watchdog.watching import by_sql, found, kinds, run_for
from tests.support.deployment import Deployment
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last, confirm_hold

MISSING, LATE = FaultKind.MESSAGE_MISSING, FaultKind.REVIEW_LATE


def pass_time(deployment: Deployment, **by: float) -> None:
    # The engine and the dispatcher stand still. Only events are handled.
    deployment.settle()
    deployment.clock.advance(**by)
    deployment.settle()


@pytest.mark.parametrize(
    ("in_days", "after"), [(0, 21), (-3, 21), (1, 21), (2, 24 * 60), (30, 26 * 60), (None, 26 * 60)]
)
def test_a_first_message_that_never_comes_is_missed(deployment: Deployment, in_days: int | None, after: int) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=in_days))
    pass_time(deployment, minutes=10)
    assert found(deployment) == {}
    pass_time(deployment, minutes=after - 10)
    assert found(deployment) == {MISSING: 1, LATE: 1}


@pytest.mark.parametrize(("in_days", "days"), [(30, 19), (9, 8.2), (1, 4.1), (-3, 7)])
def test_a_repeat_that_never_comes_is_missed(deployment: Deployment, in_days: int, days: float) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=in_days))
    run_for(deployment, hours=1)
    assert deployment.mails()
    pass_time(deployment, days=days)
    assert MISSING in kinds(deployment)


def test_what_can_wait_is_not_missed_on_days_on_which_the_council_is_closed(deployment: Deployment) -> None:
    by_sql(deployment, """UPDATE feeds SET calendar = '{"closed": [["2026-11-24", "2026-12-01"]]}'""")
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=30))
    pass_time(deployment, days=8)
    assert found(deployment) == {LATE: 1}
    # The first working day after the closure is a Wednesday.
    pass_time(deployment, days=1, hours=1, minutes=10)
    assert found(deployment) == {LATE: 1, MISSING: 1}


def test_a_stopped_engine_is_found_within_half_an_hour_also_where_no_message_is_owed_yet(alerted: Deployment) -> None:
    # The next message about the case is due in some days.
    run_for(alerted, days=1)
    while LATE not in kinds(alerted):
        alerted.clock.advance(minutes=5)
    assert found(alerted) == {LATE: 1}
    assert alerted.clock.now() < alerted.cases()[0].due_at + timedelta(minutes=30)  # type: ignore[operator]


def test_a_hold_that_has_ended_is_noticed_also_if_the_engine_is_stopped(alerted: Deployment) -> None:
    confirm_hold(alerted, str(alerted.clock.now().date() + timedelta(days=5)))
    run_for(alerted, days=5)
    assert found(alerted) == {}
    pass_time(alerted, days=4)
    assert found(alerted) == {LATE: 1, MISSING: 1}


def test_a_slow_engine_is_found_between_two_of_its_turns(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=0))
    seen: list[bool] = []
    for _ in range(10):
        pass_time(deployment, hours=3)
        seen.append(found(deployment) != {})
        # One turn of the engine, three hours late.
        deployment.engine.run_due()
        deployment.dispatcher.run_due()
    assert seen[0]
    assert sum(seen) >= 2


def test_a_stopped_matcher_is_found(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.clock.advance(minutes=21)
    assert kinds(deployment) == {FaultKind.EVENTS_WAITING}
    deployment.clock.advance(hours=1)
    assert found(deployment)[FaultKind.MATCH_MISSING] == 1


def test_a_stopped_dispatcher_is_found(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=0))
    pass_time(deployment, seconds=61)
    deployment.engine.run_due()
    pass_time(deployment, minutes=21)
    assert found(deployment) == {FaultKind.DELIVERY_LATE: 1, MISSING: 1}


def test_an_engine_that_marks_a_message_as_accepted_and_sends_nothing_is_found(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=0))
    pass_time(deployment, seconds=61)
    deployment.engine.run_due()
    # The mistake: a message counts when it is written, and no attempt is made.
    now = "(SELECT created_at FROM alerts)"
    by_sql(
        deployment,
        f"UPDATE alerts SET accepted_at = {now}",
        "UPDATE deliveries SET state = 'sent', due_at = NULL, settled_at = created_at",
        f"UPDATE cases SET last_alert_at = {now}, tried_at = NULL, due_at = {now} + 14400000000",
    )
    deployment.settle()
    assert found(deployment) == {FaultKind.NEVER_ACCEPTED: 1, FaultKind.SENT_WITHOUT_ATTEMPT: 1}
    pass_time(deployment, minutes=21)
    assert MISSING in kinds(deployment)


@pytest.mark.parametrize("days", [3, 20, 300])
def test_an_engine_that_computes_every_message_too_late_is_found(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    def late(*given: Any) -> policy.Escalation | None:
        right = policy.next_escalation(*given)
        return right and replace(right, due_at=right.due_at + timedelta(days=days))

    monkeypatch.setattr(withdrawal, "next_escalation", late)
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=10))
    deployment.settle()
    run_for(deployment, days=2)
    # The engine is content: it looks at the case in time, and finds nothing to do.
    assert found(deployment) == {MISSING: 1}


def test_an_engine_that_forgets_a_state_is_found(alerted: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = frozenset({*CLOCK_STOPPED, "line_restricted"})
    monkeypatch.setattr(policy, "CLOCK_STOPPED", stopped)
    day = str(alerted.clock.now().date())
    alerted.post_notices(notice(in_days=30, issued=20, restriction_start_date=day))
    alerted.settle()
    run_for(alerted, minutes=30)
    assert alerted.cases()[0].state == "line_restricted"
    assert found(alerted) == {MISSING: 1}


def test_a_council_whose_mail_is_refused_is_found(deployment: Deployment) -> None:
    gone = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
    deployment.channel.results = [gone] * 100
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=0))
    deployment.settle()
    run_for(deployment, minutes=30)
    assert found(deployment) == {MISSING: 1}


def test_an_acknowledgement_delays_what_is_owed_and_its_end_brings_it_back(alerted: Deployment) -> None:
    acknowledge_last(alerted)
    until = alerted.cases()[0].paused_until
    assert until is not None
    pass_time(alerted, seconds=(until - alerted.clock.now()).total_seconds() + 60)
    assert found(alerted) == {}
    pass_time(alerted, days=4)
    assert MISSING in kinds(alerted)
