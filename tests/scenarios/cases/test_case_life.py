from __future__ import annotations

from typing import Any

import pytest

from schemas.codes import CaseEvent, CaseState
from tests.support.deployment import Deployment
from tests.support.one_line import ENTRY, after_first_alert, notice, state
from tests.support.people import confirm_hold, confirm_safe, pass_post_check, record


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    return after_first_alert(deployment)


def test_a_hold_that_was_only_asked_for_stops_nothing(alerted: Deployment) -> None:
    record(alerted, CaseEvent.REQUEST_HOLD)
    alerted.tick(days=8)
    assert state(alerted) == "hold_requested"
    assert len(alerted.mails()) > 1


def test_a_hold_that_the_provider_confirmed_stops_the_clock_until_it_ends(alerted: Deployment) -> None:
    record(alerted, CaseEvent.REQUEST_HOLD)
    confirm_hold(alerted, "2026-12-20")
    alerted.tick(days=27)
    assert (state(alerted), len(alerted.mails())) == ("hold_confirmed", 1)
    alerted.tick(days=1)
    assert (state(alerted), len(alerted.mails())) == ("open", 2)


def test_a_hold_does_not_silence_another_notice_that_it_did_not_answer(alerted: Deployment) -> None:
    confirm_hold(alerted, "2027-01-10")
    alerted.post_notices(notice("n2", in_days=20, brand="Raven Business"))
    alerted.tick(seconds=61)
    assert (state(alerted), len(alerted.mails())) == ("open", 2)


def test_a_hold_is_not_undone_by_another_version_of_the_notice_it_answered(alerted: Deployment) -> None:
    confirm_hold(alerted, "2027-01-10")
    alerted.post_notices(notice(issued=2, brand="Raven Business"))
    alerted.tick(days=1)
    assert (state(alerted), len(alerted.mails())) == ("hold_confirmed", 1)


def test_a_restriction_opens_a_held_case_again(alerted: Deployment) -> None:
    confirm_hold(alerted, "2027-01-10")
    alerted.post_notices(notice(issued=2, restriction_start_date="2026-11-23"))
    alerted.tick(seconds=61)
    assert state(alerted) == "line_restricted"


def test_an_interim_solution_is_looked_at_again_on_its_day(alerted: Deployment) -> None:
    record(alerted, CaseEvent.FIT_SOLUTION, kind="converter_interim", retest_on="2026-12-01")
    confirm_safe(alerted)
    alerted.tick(days=7)
    assert (state(alerted), len(alerted.mails())) == ("confirmed_safe", 1)
    alerted.tick(days=1)
    assert (state(alerted), len(alerted.mails())) == ("open", 2)


def test_an_exchange_based_line_is_looked_at_again_long_after_its_case_was_closed(alerted: Deployment) -> None:
    record(alerted, CaseEvent.FIT_SOLUTION, kind="pdpl", review_on="2028-06-01")
    confirm_safe(alerted)
    alerted.post_notices(notice(issued=2, status="completed"))
    alerted.tick(seconds=61)
    pass_post_check(alerted)
    record(alerted, CaseEvent.CLOSE)
    told = len(alerted.mails())
    alerted.tick(days=500)
    assert (state(alerted), len(alerted.mails())) == ("closed", told)
    alerted.tick(days=60)
    assert (state(alerted), len(alerted.mails())) == ("open", told + 1)


@pytest.mark.parametrize(
    ("ends", "comes_back", "ended", "told"),
    [
        (notice(issued=2, status="withdrawn"), notice(issued=3), "notice_withdrawn", 2),
        (
            ENTRY | {"service_status": "ended", "updated_at": "2026-11-02T09:00:00Z"},
            ENTRY | {"updated_at": "2026-11-03T09:00:00Z"},
            "service_ended",
            1,
        ),
        (notice(issued=2, cli="01632 960999"), notice(issued=3), "notice_withdrawn", 2),
    ],
)
def test_what_ends_a_case_stops_the_paging_and_what_brings_the_danger_back_opens_it(
    alerted: Deployment, ends: dict[str, Any], comes_back: dict[str, Any], ended: str, told: int
) -> None:
    send = alerted.put_entries if "entry_id" in ends else alerted.post_notices
    send(ends)
    alerted.tick(days=7)
    assert (state(alerted), len(alerted.mails())) == (ended, told)
    send(comes_back)
    alerted.tick(seconds=61)
    assert (state(alerted), len(alerted.mails())) == ("open", told + 1)
    assert len(alerted.cases()) == 1


def test_a_new_notice_opens_a_closed_case_again(alerted: Deployment) -> None:
    confirm_safe(alerted)
    alerted.post_notices(notice(issued=2, status="completed"))
    alerted.tick(seconds=61)
    pass_post_check(alerted)
    told = len(alerted.mails())
    alerted.post_notices(notice("n2", in_days=20))
    alerted.tick(seconds=61)
    assert (state(alerted), len(alerted.mails())) == ("open", told + 1)


def test_a_match_rejected_as_a_case_stays_ended_through_another_version_of_the_notice(alerted: Deployment) -> None:
    record(alerted, CaseEvent.REJECT_MATCH, evidence="the line is next door's")
    alerted.post_notices(notice(issued=2, brand="Raven Business"))
    alerted.tick(days=12)
    assert (state(alerted), len(alerted.mails())) == ("false_match", 1)


def test_a_line_that_moved_unconfirmed_is_not_forgotten_when_the_service_ends_and_resumes(
    deployment: Deployment,
) -> None:
    deployment.put_entries({"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"})
    moved = {"cli": "01632 960123", "planned_migration_date": "2026-11-20", "status": "completed"}
    deployment.post_notices({"id": "n1", **moved})
    deployment.settle()
    for status, day in (("ended", 2), ("active", 3)):
        stamp = f"2026-11-{day:02d}T09:00:00Z"
        deployment.put_entries({"entry_id": "e1", "cli": "01632 960123", "service_status": status, "updated_at": stamp})
        deployment.settle()
    assert deployment.cases()[0].state is CaseState.MIGRATED_UNCONFIRMED
