from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.codes import CaseEvent
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.policy import CouncilPolicy, Tier
from tests.scenarios.escalation.three_tiers import OPERATOR, answers_of, lines, pass_time, person, three_tiers, who
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, notice
from tests.support.people import record

REFUSED = SendResult(SendOutcome.FAILED_PERMANENT, "no such mailbox")
AWAY = SendResult(SendOutcome.FAILED_TEMPORARY, "server away")
DAY = 24 * 60


@pytest.fixture
def failing(deployment: Deployment) -> dict[str, SendResult]:
    deployment.with_officers(CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=(person("officer"),)),)))
    deployment.put_entries(ENTRY)
    return answers_of(deployment)


def _until_the_reminder_for_both(deployment: Deployment) -> None:
    # The message on Monday is for the officer, the reminder on Wednesday at nine also for the operator.
    deployment.post_notices(notice(in_days=6))
    deployment.tick(seconds=31)
    pass_time(deployment, minutes=2 * DAY - 60, step=30)


def test_silence_asks_an_operator_whose_mailbox_refused_the_last_message(
    deployment: Deployment, failing: dict[str, SendResult]
) -> None:
    failing[OPERATOR] = REFUSED
    _until_the_reminder_for_both(deployment)
    assert who(deployment) == ["officer", "officer"]
    assert cases_by_entry(deployment)["e1"].asked == 1
    failing.clear()
    pass_time(deployment, minutes=DAY - 60, step=30)
    assert who(deployment) == ["officer", "officer"]
    # One working day after the reminder, and a day before the next one.
    pass_time(deployment, minutes=90, step=30)
    assert who(deployment) == ["officer", "officer", OPERATOR]
    assert cases_by_entry(deployment)["e1"].asked == 2


def test_silence_asks_the_operator_also_if_the_refusal_came_before_the_officer_had_the_message(
    deployment: Deployment, failing: dict[str, SendResult]
) -> None:
    failing[OPERATOR] = REFUSED
    _until_the_reminder_for_both(deployment)
    failing["officer"] = AWAY
    pass_time(deployment, minutes=2 * DAY + 30, step=30)
    assert who(deployment) == ["officer", "officer"]
    del failing["officer"]
    pass_time(deployment, minutes=90, step=30)
    assert who(deployment) == ["officer", "officer", "officer"]
    assert cases_by_entry(deployment)["e1"].asked == 1


@pytest.mark.parametrize("first", ["officer", "manager"])
def test_a_refused_level_counts_as_not_asked_also_if_a_message_to_a_colleague_was_joined_with_another(
    deployment: Deployment, failing: dict[str, SendResult], first: str
) -> None:
    deployment.with_officers(three_tiers())
    deployment.put_entries(*lines(3))
    _post(deployment, 0, in_days=10)
    for _ in range(2):
        record(deployment, CaseEvent.ACKNOWLEDGE, "e0")
    # On Thursday at nine the pause ends, and one more tier hears that nothing has moved. A message to the officer about
    # another line waits for then.
    deployment.clock.set(datetime(2026, 11, 25, 10, tzinfo=UTC))
    _post(deployment, 1, in_days=20)
    _post(deployment, 2, in_days=20)
    failing |= {"head": REFUSED, OPERATOR: REFUSED, ("manager" if first == "officer" else "officer"): AWAY}
    deployment.clock.set(datetime(2026, 11, 26, 8, 59, tzinfo=UTC))
    pass_time(deployment, minutes=15, step=5)
    del failing["manager" if first == "officer" else "officer"]
    pass_time(deployment, minutes=200)
    assert cases_by_entry(deployment)["e0"].asked == 2


def _post(deployment: Deployment, number: int, *, in_days: int) -> None:
    deployment.post_notices(notice(f"n{number}", in_days=in_days, cli=f"01632 960{number:03}"))
    deployment.tick(seconds=31)
