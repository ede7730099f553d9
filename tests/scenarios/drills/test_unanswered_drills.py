from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from services.alerts.delivery.drills.answering import record_answer
from services.alerts.delivery.drills.rules import AnswerWay
from services.alerts.delivery.drills.running import DrillRunner
from services.alerts.delivery.drills.starting import DrillRefusedError, start_by_person
from services.alerts.delivery.store.claims import claim_deliveries, count_due, ready
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.audit.check import audit_differences
from services.core.audit import AuditAction
from services.storage.tables import audit, deliveries, drills
from tests.scenarios.drills.drilled import (
    HOUR,
    LINKS_LAST,
    begin,
    drill_mails,
    go_on_to,
    reference_of,
    routes,
    run_drills,
    set_policy_of_blackpool,
    states,
    told_operator,
    two_tiers,
)
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import rows, said
from tests.support.one_line import ENTRY, notice
from tests.support.people import confirm_safe

ONE_DAY = timedelta(days=1)
NEW_DESK = Contact(person="new desk", channel="route", address="mailto://new-desk.example")
NEW_HEAD = Contact(person="new head", channel="route", address="mailto://new-head.example")


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    set_policy_of_blackpool(deployment, two_tiers())
    begin(deployment)
    return deployment


def state(deployment: Deployment) -> str:
    return states(deployment)[-1][2]


def test_the_next_tier_is_asked_after_one_working_day(council: Deployment) -> None:
    go_on_to(council, HOUR + ONE_DAY - timedelta(hours=1))
    assert routes(council) == ["mailto://desk.example"]
    go_on_to(council, HOUR + ONE_DAY)
    assert routes(council) == ["mailto://desk.example", "mailto://head.example"]
    assert "nobody has answered the earlier message" in " ".join(drill_mails(council)[-1].message.text.split())


def test_the_operator_is_told_once_that_nobody_answered_and_of_no_line(council: Deployment) -> None:
    go_on_to(council, HOUR + 2 * ONE_DAY)
    assert state(council) == "failed"
    (mail,) = told_operator(council)
    assert mail.message.subject.startswith("Pullcord: 1 drill was not answered, no line is at risk because of it")
    text = " ".join(mail.message.text.split())
    assert f"Blackpool (E06000009): drill {reference_of(council)} of Tuesday 1 December 2026" in text
    assert "2 tiers asked" in text
    go_on_to(council, HOUR + 10 * ONE_DAY)
    assert (len(told_operator(council)), len(drill_mails(council))) == (1, 2)


def test_a_weekend_is_no_working_day(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers(drill_working_day=4))
    friday = datetime(2026, 12, 4, 11, tzinfo=UTC)
    go_on_to(deployment, friday + 2 * ONE_DAY)
    assert routes(deployment) == ["mailto://desk.example"]
    go_on_to(deployment, friday + 3 * ONE_DAY)
    assert routes(deployment) == ["mailto://desk.example", "mailto://head.example"]


def test_an_answer_ends_it_and_the_next_tier_is_not_asked(council: Deployment) -> None:
    record_answer(council.store, reference_of(council), "Asha Patel", AnswerWay.COMMAND)
    go_on_to(council, HOUR + 5 * ONE_DAY)
    assert (state(council), len(drill_mails(council)), told_operator(council)) == ("answered", 1, [])
    (fields,) = said(council, AuditAction.DRILL_ANSWERED)
    assert (fields["in_time"], fields["way"], fields["month"]) == (True, "command", "2026-12")
    (row,) = rows(council, audit, audit.c.action == "drill_answered")
    assert row.actor_sealed is not None
    assert "Asha" not in str(row.fields)


def test_an_answer_after_the_working_day_is_a_late_one(council: Deployment) -> None:
    go_on_to(council, HOUR + ONE_DAY + timedelta(hours=1))
    record_answer(council.store, reference_of(council), "Asha Patel", AnswerWay.API)
    assert [fields["in_time"] for fields in said(council, AuditAction.DRILL_ANSWERED)] == [False]


def test_an_answer_still_counts_after_the_operator_was_told_and_not_when_it_is_over(council: Deployment) -> None:
    go_on_to(council, HOUR + 2 * ONE_DAY)
    drill = reference_of(council)
    go_on_to(council, HOUR + 6 * ONE_DAY)
    assert state(council) == "ended"
    with pytest.raises(DrillRefusedError, match="is over"):
        record_answer(council.store, drill, "Asha Patel", AnswerWay.API)
    assert len(said(council, AuditAction.DRILL_ENDED)) == 1


def test_a_drill_is_answered_once(council: Deployment) -> None:
    record_answer(council.store, reference_of(council), "Asha Patel", AnswerWay.API)
    with pytest.raises(DrillRefusedError, match="already"):
        record_answer(council.store, reference_of(council), "Bo Lee", AnswerWay.API)
    assert len(said(council, AuditAction.DRILL_ANSWERED)) == 1


def test_an_operator_message_that_waits_is_not_sent_after_a_late_answer(council: Deployment) -> None:
    council.clock.set(HOUR + ONE_DAY)
    run_drills(council)
    council.clock.set(HOUR + 2 * ONE_DAY)
    DrillRunner(council.store, LINKS_LAST).run_once()
    assert council.engine.run_due()
    record_answer(council.store, reference_of(council), "Asha Patel", AnswerWay.API)
    council.tick()
    assert told_operator(council) == []


def test_an_address_that_nobody_verified_covers_for_nobody(deployment: Deployment) -> None:
    tiers = (
        Tier(label="duty", from_days=56, contacts=(NEW_DESK,)),
        Tier(label="head", from_days=7, contacts=(NEW_HEAD,)),
    )
    set_policy(deployment.store, BLACKPOOL, CouncilPolicy(tiers=tiers), by="Test Setup")
    begin(deployment)
    assert routes(deployment) == ["mailto://new-desk.example", "mailto://new-head.example"]
    assert all("Not verified" in mail.message.text for mail in drill_mails(deployment))
    go_on_to(deployment, HOUR + ONE_DAY)
    assert (state(deployment), len(told_operator(deployment))) == ("failed", 1)


def test_a_council_without_contacts_has_failed_at_once(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, CouncilPolicy())
    begin(deployment)
    assert (state(deployment), drill_mails(deployment)) == ("failed", [])
    (mail,) = told_operator(deployment)
    assert "nobody could be asked" in " ".join(mail.message.text.split())


def test_a_contact_who_was_removed_gets_no_message(council: Deployment) -> None:
    council.clock.set(HOUR + ONE_DAY)
    DrillRunner(council.store, LINKS_LAST).run_once()
    only_desk = CouncilPolicy(tiers=two_tiers().tiers[:1])
    set_policy_of_blackpool(council, only_desk)
    council.tick()
    assert routes(council) == ["mailto://desk.example"]
    assert [row.state for row in rows(council, deliveries)] == ["sent", "not_needed"]


def test_a_late_step_waits_for_working_hours(council: Deployment) -> None:
    council.clock.set(HOUR + ONE_DAY + timedelta(hours=12))
    run_drills(council)
    assert len(drill_mails(council)) == 1
    go_on_to(council, HOUR + 2 * ONE_DAY - timedelta(hours=2))
    assert len(drill_mails(council)) == 2
    assert council.clock.now().hour == 9


def test_no_drill_begins_while_a_case_is_urgent_and_it_begins_once_none_is(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers())
    deployment.put_entries(ENTRY)
    # The line moves on Thursday 3 December.
    deployment.post_notices(notice(in_days=10))
    go_on_to(deployment, HOUR)
    assert drill_mails(deployment) == []
    with pytest.raises(DrillRefusedError, match="urgent"):
        start_by_person(deployment.store, BLACKPOOL, "Asha Patel")
    confirm_safe(deployment)
    go_on_to(deployment, HOUR + timedelta(hours=20))
    assert drill_mails(deployment) == []
    go_on_to(deployment, HOUR + ONE_DAY)
    assert routes(deployment) == ["mailto://desk.example"]


def test_a_drill_is_not_passed_on_while_a_case_is_urgent(council: Deployment) -> None:
    council.put_entries(ENTRY)
    # The line moves on Friday 4 December.
    council.post_notices(notice(in_days=11))
    go_on_to(council, HOUR + ONE_DAY)
    assert routes(council) == ["mailto://desk.example"]
    confirm_safe(council)
    go_on_to(council, HOUR + 2 * ONE_DAY)
    assert routes(council) == ["mailto://desk.example", "mailto://head.example"]


def test_a_case_that_is_far_away_delays_no_drill(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=50))
    go_on_to(deployment, HOUR)
    assert routes(deployment) == ["mailto://desk.example"]


def test_a_drill_does_not_count_as_the_message_of_the_day(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers())
    begin(deployment)
    deployment.clock.advance(minutes=5)
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=40))
    deployment.tick(seconds=31)
    subjects = [mail.message.subject for mail in deployment.mails()]
    assert len(subjects) == 2
    assert not subjects[1].startswith("DRILL")


def test_an_alert_goes_before_the_drills_that_wait(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers())
    deployment.clock.set(HOUR)
    DrillRunner(deployment.store, LINKS_LAST).run_once()
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=3))
    deployment.settle()
    deployment.clock.advance(seconds=31)
    deployment.engine.run_due()
    with deployment.store.writing() as connection:
        now = deployment.clock.now()
        ready_now = ready(now, (), ())
        first, *_ = count_due(connection, ready_now)
        due = claim_deliveries(connection, ready_now, first, 10, deployment.store.random)
    feeds = [one.delivery.feed_id for one in due]
    assert set(feeds) == {BLACKPOOL, "drills"}
    assert feeds.index("drills") == len(feeds) - 1


def test_a_person_starts_one_beside_that_of_the_month(council: Deployment) -> None:
    with pytest.raises(DrillRefusedError, match="is running"):
        start_by_person(council.store, BLACKPOOL, "Asha Patel")
    record_answer(council.store, reference_of(council), "Asha Patel", AnswerWay.API)
    council.clock.advance(hours=1)
    start_by_person(council.store, BLACKPOOL, "Asha Patel")
    run_drills(council)
    assert [one[1:] for one in states(council)] == [("2026-12", "answered"), (None, "waiting")]
    assert "Somebody of your council started it" in drill_mails(council)[-1].message.text


def test_a_new_drill_ends_one_that_has_failed(council: Deployment) -> None:
    go_on_to(council, HOUR + 2 * ONE_DAY)
    start_by_person(council.store, BLACKPOOL, "Asha Patel")
    assert [one[2] for one in states(council)] == ["ended", "waiting"]


def test_what_drills_have_written_agrees_with_the_audit(council: Deployment) -> None:
    go_on_to(council, HOUR + 6 * ONE_DAY)
    with council.store.reading() as connection:
        assert list(audit_differences(connection, council.store)) == []


def test_a_drill_that_was_made_an_answered_one_by_hand_is_found(council: Deployment) -> None:
    go_on_to(council, HOUR + 6 * ONE_DAY)
    with council.store.writing() as connection:
        connection.execute(update(drills).values(state="answered"))
    with council.store.reading() as connection:
        (found,) = audit_differences(connection, council.store)
    assert found.what == f"drill {reference_of(council)}"
    assert "answered" in found.on_record
