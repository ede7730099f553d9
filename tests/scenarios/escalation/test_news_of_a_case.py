from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.codes import CaseEvent
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.storage.tables import alerts
from tests.scenarios.escalation.three_tiers import pass_time, three_tiers
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import ENTRY, TODAY, notice
from tests.support.people import acknowledge_last, confirm_hold, record


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    return deployment


def reasons(deployment: Deployment) -> list[str]:
    return [alert.reason for alert in rows(deployment, alerts)]


def test_a_refused_hold_is_told_although_the_case_was_acknowledged(council: Deployment) -> None:
    council.post_notices(notice(in_days=12))
    council.tick(seconds=31)
    acknowledge_last(council)
    record(council, CaseEvent.REQUEST_HOLD)
    record(council, CaseEvent.REFUSE_HOLD)
    # The harm is days away, so the message is in the digest of the next working day.
    council.tick(hours=24)
    assert reasons(council) == ["first_alert", "something_changed"]
    assert council.mails()[-1].message.subject.startswith("CHANGED: ")


def test_a_refused_hold_of_a_line_that_is_switched_tomorrow_is_told_at_once(council: Deployment) -> None:
    council.post_notices(notice(in_days=1))
    council.tick(seconds=31)
    acknowledge_last(council)
    known = len(council.mails())
    record(council, CaseEvent.REQUEST_HOLD)
    council.tick(minutes=16)
    assert len(council.mails()) == known
    record(council, CaseEvent.REFUSE_HOLD)
    council.tick(seconds=31)
    assert len(council.mails()) > known
    assert reasons(council)[-1] == "something_changed"


def test_a_provider_that_takes_a_hold_back_starts_the_messages_again(council: Deployment) -> None:
    council.post_notices(notice(in_days=12))
    council.tick(seconds=31)
    confirm_hold(council, "2027-01-20")
    council.tick(hours=48)
    assert len(council.mails()) == 1
    record(council, CaseEvent.REFUSE_HOLD)
    council.tick(hours=24)
    assert reasons(council)[-1] == "something_changed"
    assert cases_by_entry(council)["e1"].state == "hold_refused"


def test_an_earlier_date_is_told_as_a_change_and_not_as_a_first_message(council: Deployment) -> None:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    council.post_notices(notice(issued=2, in_days=3))
    council.tick(seconds=31)
    assert reasons(council) == ["first_alert", "something_changed"]
    assert "has changed since the last message." in council.mails()[-1].message.text


def test_a_restriction_begins_on_its_day_also_while_nobody_has_had_the_message_before(council: Deployment) -> None:
    council.channel.results = [SendResult(SendOutcome.IN_DOUBT, "no answer")] * 10_000
    council.post_notices(notice(in_days=20, restriction_start_date=str(TODAY + timedelta(days=1))))
    pass_time(council, minutes=13 * 60 + 50)
    assert cases_by_entry(council)["e1"].state == "open"
    pass_time(council, minutes=20)
    assert cases_by_entry(council)["e1"].state == "line_restricted"
