from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from schemas.codes import CaseEvent
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.message.message import Message
from services.alerts.policy.policy import CouncilPolicy, Tier
from services.core.clock import london_day
from services.storage.tables import deliveries
from tests.scenarios.escalation.three_tiers import lines, pass_time, person, sent, three_tiers, who
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import notice
from tests.support.people import OFFICER, confirm_safe, record

AWAY = SendResult(SendOutcome.FAILED_TEMPORARY, "server away")


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    deployment.with_officers(three_tiers())
    deployment.put_entries(*lines(12))
    return deployment


def of_line(number: int, in_days: int) -> dict[str, object]:
    return notice(f"n{number}", in_days=in_days) | {"cli": f"01632 960{number:03}"}


def test_the_first_news_of_a_day_goes_at_once_and_the_rest_in_the_next_mornings_digest(council: Deployment) -> None:
    for number in range(6):
        council.post_notices(of_line(number, in_days=40))
        pass_time(council, minutes=30)
    assert [one.cases for one in sent(council)] == [1]
    pass_time(council, minutes=20 * 60, step=30)
    first, digest = sent(council)
    assert digest.cases == 5
    assert digest.at.time().hour == 9
    assert digest.at.date() == first.at.date() + timedelta(days=1)


def test_a_message_that_waited_over_a_weekend_is_tried_again_after_a_failure(council: Deployment) -> None:
    # To Friday afternoon.
    pass_time(council, minutes=4 * 24 * 60, step=60)
    council.post_notices(of_line(0, in_days=40))
    pass_time(council, minutes=30)
    council.post_notices(of_line(1, in_days=40))
    pass_time(council, minutes=2 * 24 * 60, step=60)
    assert [one.cases for one in sent(council)] == [1]
    council.channel.results = [AWAY]
    pass_time(council, minutes=24 * 60, step=1)
    digest = sent(council)[-1]
    assert digest.cases == 1
    assert (digest.at.strftime("%A"), digest.at.hour) == ("Monday", 9)
    assert {row.state for row in rows(council, deliveries)} == {"sent"}


def test_what_waits_for_a_monday_does_not_keep_the_message_at_the_end_of_a_pause_waiting(council: Deployment) -> None:
    # To Friday afternoon. The officer has had the message of the day when the confirmation comes.
    pass_time(council, minutes=4 * 24 * 60, step=60)
    council.post_notices(of_line(0, in_days=2))
    council.tick(seconds=31)
    confirm_safe(council, "e0")
    council.tick(seconds=31)
    now = council.clock.now()
    record(council, CaseEvent.FAIL_TEST, "e0", at=now.isoformat(), tested_by=OFFICER)
    assert cases_by_entry(council)["e0"].state == "migrated_unconfirmed"
    before = len(sent(council))
    pass_time(council, minutes=25 * 60, step=30)
    later = [one for one in sent(council)[before:] if one.contact == "officer"]
    assert later
    assert later[0].at - now < timedelta(hours=24, minutes=31)


def test_urgent_news_goes_at_once_and_takes_along_what_waits(council: Deployment) -> None:
    council.post_notices(of_line(0, in_days=40))
    council.tick(seconds=31)
    council.post_notices(of_line(1, in_days=40))
    pass_time(council, minutes=10)
    council.post_notices(of_line(2, in_days=1))
    council.tick(seconds=31)
    to_officer = [one.cases for one in sent(council) if one.contact == "officer"]
    assert to_officer == [1, 2]
    pass_time(council, minutes=30 * 60, step=30)
    assert all(case.last_alert_at for case in cases_by_entry(council).values())


def test_urgent_messages_to_a_person_are_a_quarter_of_an_hour_apart(council: Deployment) -> None:
    for number in range(6):
        council.post_notices(of_line(number, in_days=0))
        pass_time(council, minutes=5, step=1)
    times = [one.at for one in sent(council) if one.contact == "officer"]
    assert len(times) >= 2
    assert all(later - sooner >= timedelta(minutes=15) for sooner, later in pairwise(times))


def test_the_quarter_of_an_hour_between_urgent_messages_does_not_reach_into_the_night(council: Deployment) -> None:
    # To ten minutes before the quiet hours of a Thursday. Until Monday only one working day is left, but nobody need be
    # woken before Saturday.
    now = council.clock.now()
    council.tick(seconds=(datetime(2026, 11, 26, 21, 50, tzinfo=UTC) - now).total_seconds())
    council.post_notices(of_line(0, in_days=7))
    council.tick(seconds=31)
    council.post_notices(of_line(1, in_days=7))
    council.tick(seconds=31)
    pass_time(council, minutes=12 * 60, step=10)
    late, early, *_ = [one for one in sent(council) if one.contact == "officer"]
    assert (late.at.hour, late.cases) == (21, 1)
    assert (early.at.day, early.at.hour) == (27, 7)


def test_after_an_outage_of_a_day_and_two_hours_each_person_gets_one_current_message(council: Deployment) -> None:
    council.post_notices(*(of_line(number, in_days=3) for number in range(3)))
    council.channel.results = [AWAY] * 100_000
    for hour in range(26):
        council.post_notices(of_line(3 + hour % 9, in_days=3 + hour % 5))
        council.tick(hours=1)
    assert not sent(council)
    council.channel.results = []
    council.tick(minutes=1)
    council.tick(seconds=1)
    found = Counter(who(council))
    assert found["officer"] == found["manager"] == 1
    assert max(found.values()) == 1
    assert {one.cases for one in sent(council) if one.contact == "officer"} == {12}


def test_a_person_in_several_tiers_gets_one_message(deployment: Deployment) -> None:
    policy = three_tiers()
    same = tuple(tier.model_copy(update={"contacts": (person("officer"),)}) for tier in policy.tiers)
    deployment.with_officers(policy.model_copy(update={"tiers": same}))
    deployment.put_entries(*lines(1))
    deployment.post_notices(of_line(0, in_days=-1))
    deployment.tick(seconds=31)
    assert who(deployment) == ["officer"]


def test_the_message_says_what_is_true_when_it_is_sent(council: Deployment) -> None:
    council.post_notices(of_line(0, in_days=40))
    council.tick(seconds=31)
    council.post_notices(of_line(1, in_days=40), of_line(2, in_days=40))
    council.tick(minutes=1)
    council.post_notices(of_line(1, in_days=30) | {"issued_at": "2026-11-20T09:00:00Z"})
    council.post_notices(of_line(2, in_days=40) | {"status": "withdrawn", "issued_at": "2026-11-20T09:00:00Z"})
    pass_time(council, minutes=24 * 60, step=30)
    digest = council.mails()[1].message.text
    assert "Wed 23 Dec 2026" in digest
    assert digest.count("C-") == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_trickle_of_notices_gives_a_person_at_most_one_message_a_day_unless_it_is_urgent(
    council: Deployment, seed: int
) -> None:
    dice = random.Random(seed)
    for number in range(12):
        council.post_notices(of_line(number, in_days=dice.randint(20, 90)))
        pass_time(council, minutes=dice.choice((20, 60, 300)), step=20)
    pass_time(council, minutes=4 * 24 * 60, step=60)
    days = Counter(london_day(one.at) for one in sent(council) if one.contact == "officer")
    assert max(days.values()) == 1


def test_what_waited_for_the_morning_is_not_sent_again_because_its_day_is_nearer_now(council: Deployment) -> None:
    council.post_notices(of_line(0, in_days=3))
    council.tick(seconds=31)
    # It waits for the digest of the next day. On that day, two days before the harm, a nearer threshold is reached.
    council.post_notices(of_line(1, in_days=3))
    pass_time(council, minutes=23 * 60 + 30)
    assert [one.cases for one in sent(council) if one.contact == "officer"] == [1, 2]


def test_news_that_joins_what_waits_does_not_put_off_the_asking_of_others(council: Deployment) -> None:
    accept, broken = council.channel.send, {"mailto://officer.example", "mailto://manager.example"}

    def send(route: str, message: Message, reference: str) -> SendResult:
        return AWAY if route in broken else accept(route, message, reference)

    council.channel.send = send  # type: ignore[method-assign]
    for number in range(8):
        council.post_notices(of_line(number, in_days=1))
        council.tick(minutes=4)
    assert "head" in who(council)


def test_a_colleague_who_has_the_message_is_not_asked_again_when_the_joined_one_fails(deployment: Deployment) -> None:
    accept = deployment.channel.send
    tiers = (Tier(label="officers", from_days=56, contacts=(person("officer"), person("colleague"))),)
    deployment.with_officers(CouncilPolicy(tiers=tiers))
    deployment.put_entries(*lines(3))

    def send(route: str, message: Message, reference: str) -> SendResult:
        return AWAY if route == "mailto://officer.example" else accept(route, message, reference)

    deployment.channel.send = send  # type: ignore[method-assign]
    for number in range(3):
        deployment.post_notices(of_line(number, in_days=1))
        pass_time(deployment, minutes=20)
    assert who(deployment) == ["colleague"] * 3
