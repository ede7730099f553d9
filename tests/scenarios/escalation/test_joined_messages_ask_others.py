from __future__ import annotations

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.policy import CouncilPolicy, Tier
from services.storage.tables import alerts
from tests.scenarios.escalation.three_tiers import OPERATOR, answers_of, lines, pass_time, person, sent
from tests.support.deployment import Deployment
from tests.support.ledger import rows
from tests.support.one_line import notice

AWAY = SendResult(SendOutcome.FAILED_TEMPORARY, "server away")


@pytest.fixture
def away(deployment: Deployment) -> dict[str, SendResult]:
    tiers = (
        Tier(label="officers", from_days=56, contacts=(person("officer"), person("colleague"))),
        Tier(label="managers", from_days=7, contacts=(person("manager"),)),
    )
    deployment.with_officers(CouncilPolicy(tiers=tiers))
    deployment.put_entries(*lines(2))
    answers = answers_of(deployment)
    answers.update(dict.fromkeys(("officer", "colleague"), AWAY))
    return answers


def _post_two(deployment: Deployment, *, minutes_apart: int) -> None:
    for number in range(2):
        deployment.post_notices(notice(f"n{number}", in_days=20, cli=f"01632 960{number:03}"))
        deployment.tick(seconds=31)
        pass_time(deployment, minutes=minutes_apart)


@pytest.mark.usefixtures("away")
def test_the_next_tier_is_asked_about_every_case(deployment: Deployment) -> None:
    _post_two(deployment, minutes_apart=120)
    assert [(one.contact, one.cases) for one in sent(deployment)] == [("manager", 1), ("manager", 2)]


def test_one_tier_after_another_is_asked_once(deployment: Deployment, away: dict[str, SendResult]) -> None:
    away["manager"] = AWAY
    _post_two(deployment, minutes_apart=10)
    # Both officers are away, then the manager for an hour, then the operator has all of it.
    pass_time(deployment, minutes=90)
    assert sent(deployment) == []
    pass_time(deployment, minutes=60)
    assert {one.contact for one in sent(deployment)} == {OPERATOR}
    assert len(rows(deployment, alerts)) < 10
    pass_time(deployment, minutes=6 * 60)
    assert {one.contact for one in sent(deployment)} == {OPERATOR}
    assert len(rows(deployment, alerts)) < 10


def test_a_reminder_that_joins_an_older_message_is_not_reached_by_what_others_had_before_it(
    deployment: Deployment, away: dict[str, SendResult]
) -> None:
    away["manager"] = AWAY
    for number, days in enumerate((15, 30)):
        deployment.post_notices(notice(f"n{number}", in_days=days, cli=f"01632 960{number:03}"))
    deployment.tick(seconds=31)
    # The operator has the message about both lines in place of the council. On the next day one is 14 days away.
    pass_time(deployment, minutes=23 * 60, step=30)
    assert [(one.contact, one.cases) for one in sent(deployment)] == [(OPERATOR, 2)]
    pass_time(deployment, minutes=240, step=30)
    assert [(one.contact, one.cases) for one in sent(deployment)] == [(OPERATOR, 2), (OPERATOR, 2)]
