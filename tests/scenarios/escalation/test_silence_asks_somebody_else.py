from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from schemas.codes import CaseEvent
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.storage.tables import alerts
from tests.scenarios.escalation.three_tiers import OPERATOR, answers_of, pass_time, sent, three_tiers, who
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last, record

AWAY = SendResult(SendOutcome.FAILED_TEMPORARY, "server away")


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    return deployment


@pytest.fixture
def away(council: Deployment) -> dict[str, SendResult]:
    return answers_of(council)


def _a_manager_in_place_of_the_officer(council: Deployment, away: dict[str, SendResult], *, in_days: int) -> None:
    away["officer"] = AWAY
    council.post_notices(notice(in_days=in_days))
    council.tick(seconds=31)
    pass_time(council, minutes=70)
    assert who(council) == ["manager"]
    away.clear()
    council.tick(minutes=2)
    assert who(council) == ["manager", "officer"]


def _the_officer_before_the_manager(council: Deployment, away: dict[str, SendResult]) -> None:
    away.update(dict.fromkeys(("officer", "manager"), AWAY))
    council.post_notices(notice(in_days=10))
    council.tick(seconds=31)
    pass_time(council, minutes=70)
    del away["officer"]
    council.tick(minutes=2)


def test_an_overdue_line_asks_the_operator_half_an_hour_after_all_tiers(council: Deployment) -> None:
    council.post_notices(notice(in_days=-1))
    council.tick(seconds=31)
    assert who(council) == ["officer", "manager", "head"]
    pass_time(council, minutes=20)
    assert OPERATOR not in who(council)
    pass_time(council, minutes=20)
    assert who(council)[3:] == [OPERATOR]


def test_ten_days_off_the_managers_are_asked_after_a_working_day_and_then_the_heads(council: Deployment) -> None:
    council.post_notices(notice(in_days=10))
    council.tick(seconds=31)
    assert who(council) == ["officer"]
    pass_time(council, minutes=23 * 60, step=60)
    assert who(council) == ["officer"]
    pass_time(council, minutes=2 * 60)
    assert who(council) == ["officer", "manager"]
    pass_time(council, minutes=24 * 60, step=60)
    assert who(council) == ["officer", "manager", "head"]


def test_the_message_to_the_next_says_that_nobody_has_answered_and_who_was_asked(council: Deployment) -> None:
    council.post_notices(notice(in_days=10))
    council.tick(seconds=31)
    pass_time(council, minutes=26 * 60, step=60)
    last = council.mails()[-1].message
    assert last.subject.startswith("NOBODY HAS ANSWERED: Act by")
    assert "Earlier messages went to: officers." in " ".join(last.text.split())
    assert [alert.reason for alert in rows(council, alerts)] == ["first_alert", "nobody_answered"]


def test_the_operator_reads_whom_to_ring(council: Deployment) -> None:
    council.post_notices(notice(in_days=-1))
    council.tick(seconds=31)
    pass_time(council, minutes=40)
    text = " ".join(council.mails()[-1].message.text.split())
    assert "You get this as the operator of Pullcord" in text
    assert "officers, managers and heads" in text


@pytest.mark.parametrize("event", [CaseEvent.ACKNOWLEDGE, CaseEvent.CONTACT_RESIDENT])
def test_an_act_of_a_person_stops_the_asking(council: Deployment, event: CaseEvent) -> None:
    council.post_notices(notice(in_days=10))
    council.tick(seconds=31)
    more = {} if event is CaseEvent.ACKNOWLEDGE else {"method": "call"}
    record(council, event, **more)
    pass_time(council, minutes=47 * 60, step=60)
    assert who(council) == ["officer"]


def test_after_the_second_acknowledgement_without_a_step_the_next_tier_hears_that_nothing_has_moved(
    council: Deployment,
) -> None:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    acknowledge_last(council)
    pass_time(council, minutes=7 * 24 * 60, step=60)
    assert who(council) == ["officer", "officer"]
    acknowledge_last(council)
    council.channel.sent.clear()
    until = cases_by_entry(council)["e1"].paused_until
    assert until is not None
    council.clock.set(until)
    council.tick(minutes=1)
    # The date has asked the managers by now, so the next are the heads.
    assert who(council)[2:] == ["officer", "manager", "head"]
    assert council.mails()[-1].message.subject.startswith("NOTHING HAS MOVED: ")


def test_a_recorded_step_begins_the_count_anew(council: Deployment) -> None:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    for _ in range(2):
        record(council, CaseEvent.ACKNOWLEDGE)
    assert cases_by_entry(council)["e1"].acknowledged_times == 2
    record(council, CaseEvent.BOOK_VISIT, visit_on="2026-12-01")
    assert cases_by_entry(council)["e1"].acknowledged_times == 0


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_date_nobody_is_asked_before_the_one_below_and_the_operator_hears_in_the_end(
    council: Deployment, seed: int
) -> None:
    dice = random.Random(seed)
    council.clock.advance(hours=dice.randint(0, 100))
    council.post_notices(notice(in_days=dice.choice((-20, -1, 0, 1, 3, 9, 14, 30))))
    pass_time(council, minutes=50 * 24 * 60, step=8 * 60)
    firsts = list(dict.fromkeys(one.contact for one in sent(council)))
    assert firsts == ["officer", "manager", "head", OPERATOR]


@pytest.mark.parametrize("hour", [21, 22, 23])
def test_a_message_to_the_next_tier_in_the_night_takes_no_reminder_of_the_harmful_day_from_the_officers(
    council: Deployment, hour: int
) -> None:
    council.clock.set(datetime(2026, 11, 23, hour, 30, tzinfo=UTC))
    council.post_notices(notice(in_days=1))
    council.tick(seconds=31)
    pass_time(council, minutes=9 * 60 + 30, step=30)
    # After two hours without an answer the heads are asked, on the harmful day itself.
    assert who(council)[:3] == ["officer", "manager", "head"]
    council.clock.set(datetime(2026, 11, 24, 9, tzinfo=UTC))
    council.tick(minutes=1)
    council.tick(minutes=15)
    told = [one for one in sent(council) if one.contact == "officer"]
    assert [one.at.day for one in told] == [23, 24]


def test_after_the_silence_of_a_manager_in_place_of_an_officer_the_heads_are_asked(
    council: Deployment, away: dict[str, SendResult]
) -> None:
    _a_manager_in_place_of_the_officer(council, away, in_days=10)
    pass_time(council, minutes=22 * 60, step=60)
    assert who(council) == ["manager", "officer"]
    pass_time(council, minutes=3 * 60, step=30)
    assert who(council)[2:] == ["head"]


def test_the_same_holds_if_the_officer_has_the_message_before_the_manager(
    council: Deployment, away: dict[str, SendResult]
) -> None:
    _the_officer_before_the_manager(council, away)
    away.clear()
    council.tick(minutes=2)
    assert who(council) == ["officer", "manager"]
    pass_time(council, minutes=25 * 60, step=30)
    assert who(council)[2:] == ["head"]


def test_the_same_holds_two_hours_after_the_message_if_the_day_is_close(
    council: Deployment, away: dict[str, SendResult]
) -> None:
    away.update(dict.fromkeys(("officer", "manager"), AWAY))
    council.post_notices(notice(in_days=2))
    council.tick(seconds=31)
    pass_time(council, minutes=10, step=5)
    away.clear()
    council.tick(minutes=2)
    assert who(council) == ["head", "officer", "manager"]
    pass_time(council, minutes=130)
    assert who(council)[3:] == [OPERATOR]


def test_two_messages_without_an_answer_ask_the_heads_if_a_manager_had_the_first_in_place_of_an_officer(
    council: Deployment, away: dict[str, SendResult]
) -> None:
    _a_manager_in_place_of_the_officer(council, away, in_days=50)
    pass_time(council, minutes=15 * 24 * 60, step=60)
    assert who(council)[2:] == ["officer", "manager", "officer", "manager", "head"]


def test_whoever_has_acted_meanwhile_is_asked_first_again(council: Deployment, away: dict[str, SendResult]) -> None:
    _the_officer_before_the_manager(council, away)
    acknowledge_last(council)
    away.clear()
    pass_time(council, minutes=20)
    assert who(council) == ["officer", "manager"]
    assert cases_by_entry(council)["e1"].asked == 0


def test_the_silence_of_a_council_does_not_begin_with_the_operator_in_its_place(
    council: Deployment, away: dict[str, SendResult]
) -> None:
    away.update(dict.fromkeys(("officer", "manager", "head"), AWAY))
    council.post_notices(notice(in_days=10))
    council.tick(seconds=31)
    pass_time(council, minutes=200)
    assert who(council) == [OPERATOR]
    away.clear()
    council.tick(minutes=2)
    assert sorted(who(council)[1:]) == ["head", "manager", "officer"]
    assert cases_by_entry(council)["e1"].asked == 3
