from __future__ import annotations

from datetime import date, timedelta

import pytest

from schemas.codes import CaseEvent, CaseState
from services.core.audit import AuditAction
from services.storage.feeds import add_feed
from tests.support.deployment import Deployment
from tests.support.ledger import said
from tests.support.people import confirm_hold, confirm_safe, pass_post_check, record

HARBOUR = "provider:HBRT"
NUMBER = "01632 960123"


def notice(ref: str, in_days: int, **more: str) -> dict[str, str]:
    return {
        "id": ref,
        "cli": NUMBER,
        "planned_migration_date": str(date(2026, 11, 23) + timedelta(days=in_days)),
        **more,
    }


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    # Raven plans to move the line in ten days.
    add_feed(deployment.store, "provider", "HBRT", "Harbour Telecom")
    deployment.put_entries({"entry_id": "e1", "cli": NUMBER, "updated_at": "2026-11-01T09:00:00Z"})
    deployment.post_notices(notice("r1", 10))
    deployment.tick(seconds=31)
    assert len(deployment.mails()) == 1
    return deployment


def state(deployment: Deployment) -> CaseState:
    return deployment.cases()[0].state


@pytest.mark.parametrize("status", ["completed", "reverted"])
def test_an_unannounced_word_of_another_provider_pages_once_and_moves_nothing(alerted: Deployment, status: str) -> None:
    alerted.post_notices(notice("h1", -1, status=status), feed=HARBOUR)
    alerted.tick(seconds=31)
    assert (state(alerted), len(alerted.mails())) == (CaseState.OPEN, 2)
    message = " ".join(alerted.mails()[-1].message.text.split())
    assert "Harbour Telecom reported a change and gave no notice of it before: this is its word only." in message
    alerted.tick(hours=8)
    assert len(alerted.mails()) == 2
    assert [row["providers"] for row in said(alerted, AuditAction.CASE_NOTED) if row["event"] == "claim_line"] == [
        ["HBRT"]
    ]


@pytest.mark.parametrize(
    "news",
    [
        {"planned_migration_date": "2026-12-01"},
        {"restriction_start_date": "2026-11-24"},
        {"status": "completed", "planned_migration_date": "2026-11-24"},
    ],
)
def test_a_test_call_after_one_provider_moved_leaves_the_other_s_line_at_risk(
    alerted: Deployment, news: dict[str, str]
) -> None:
    alerted.post_notices(notice("h1", 5), feed=HARBOUR)
    alerted.tick(minutes=1)
    alerted.post_notices(notice("h1", 0, status="completed", issued_at="2026-11-23T10:02:00Z"), feed=HARBOUR)
    alerted.tick(minutes=1)
    assert state(alerted) is CaseState.MIGRATED_UNCONFIRMED
    assert pass_post_check(alerted).state is CaseState.OPEN
    told = len(alerted.mails())
    alerted.tick(days=1, hours=2)
    alerted.post_notices({**notice("r1", 10), **news})
    alerted.tick(minutes=1)
    assert not alerted.cases()[0].clock_stopped
    assert len(alerted.mails()) > told


def test_a_restriction_on_a_line_of_an_ended_case_opens_it(alerted: Deployment) -> None:
    confirm_safe(alerted)
    alerted.post_notices(notice("r1", 0, status="completed"))
    alerted.tick(minutes=1)
    assert pass_post_check(alerted).state is CaseState.POST_CHECK_PASSED
    alerted.tick(days=2)
    told = len(alerted.mails())
    alerted.post_notices(notice("r1", 30, restriction_start_date="2026-11-25"))
    alerted.tick(minutes=1)
    assert (state(alerted), len(alerted.mails())) == (CaseState.LINE_RESTRICTED, told + 1)


def test_the_restriction_of_a_second_line_is_news_of_its_own(alerted: Deployment) -> None:
    alerted.post_notices(notice("r1", 10, restriction_start_date="2026-11-24"))
    alerted.post_notices(notice("h1", 20, restriction_start_date="2026-11-26"), feed=HARBOUR)
    alerted.tick(days=2)
    assert state(alerted) is CaseState.LINE_RESTRICTED
    record(alerted, CaseEvent.ACKNOWLEDGE)
    told = len(alerted.mails())
    alerted.clock.set(alerted.clock.now().replace(day=26, hour=0, minute=1))
    alerted.tick(minutes=1)
    assert len(alerted.mails()) == told + 1


def test_a_hold_of_one_provider_holds_no_line_of_another(alerted: Deployment) -> None:
    alerted.post_notices(notice("h1", 12), feed=HARBOUR)
    alerted.tick(minutes=1)
    held = record(alerted, CaseEvent.CONFIRM_HOLD, provider_reference="HLD-1", ends_on="2026-12-20", provider="RAVN")
    assert held.state is CaseState.OPEN
    both = record(alerted, CaseEvent.CONFIRM_HOLD, provider_reference="HLD-2", ends_on="2026-12-20", provider="HBRT")
    assert both.state is CaseState.HOLD_CONFIRMED


def test_a_person_records_that_the_number_has_left_its_provider(alerted: Deployment) -> None:
    assert record(alerted, CaseEvent.PORT_LINE, from_provider="RAVN").state is CaseState.NOTICE_WITHDRAWN
    alerted.tick(days=1)
    alerted.post_notices(notice("r1", 8))
    alerted.tick(minutes=1)
    assert state(alerted) is CaseState.OPEN


def test_a_hold_ends_though_somebody_acted_after_its_last_day(alerted: Deployment) -> None:
    # The alerts role is down when the hold ends. An officer records a telephone call before the role runs again.
    confirm_hold(alerted, "2026-11-30")
    alerted.clock.advance(days=8, hours=21)
    case = record(alerted, CaseEvent.CONTACT_RESIDENT, method="call")
    assert (case.clock_stopped, case.due_at is not None) == (False, True)
    told = len(alerted.mails())
    alerted.tick(days=1)
    assert len(alerted.mails()) > told


@pytest.mark.parametrize(("ends_on", "asks"), [("2026-11-22", "is over"), ("2028-01-01", "more than a year")])
def test_a_hold_that_is_over_or_too_long_is_refused(alerted: Deployment, ends_on: str, asks: str) -> None:
    with pytest.raises(Exception, match=asks):
        confirm_hold(alerted, ends_on)


@pytest.mark.parametrize("order", [("RAVN", "HBRT"), ("HBRT", "RAVN")])
def test_where_two_providers_hold_the_first_hold_that_ends_counts_whichever_was_recorded_last(
    alerted: Deployment, order: tuple[str, str]
) -> None:
    alerted.post_notices(notice("h1", 20), feed=HARBOUR)
    alerted.tick(seconds=31)
    ends = {"RAVN": "2026-12-20", "HBRT": "2026-12-05"}
    for provider in order:
        record(alerted, CaseEvent.CONFIRM_HOLD, provider=provider, provider_reference="HLD-1", ends_on=ends[provider])
    assert (state(alerted), alerted.cases()[0].hold_until) == (CaseState.HOLD_CONFIRMED, date(2026, 12, 5))
    alerted.tick(days=14)
    assert state(alerted) is CaseState.OPEN
