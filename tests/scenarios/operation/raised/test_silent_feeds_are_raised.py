from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.core.clock import LONDON
from services.core.days.feed_rhythm import allowed_silence
from services.core.days.working_days import Nation, is_working_day
from services.storage.feeds import add_feed
from tests.support.deployment import BLACKPOOL, Deployment

OPERATOR = "mailto://operator.example"
MONDAY = datetime(2026, 10, 5, 10, tzinfo=UTC)
ABERDEEN = "council:S12000033"


@pytest.fixture
def monday(deployment: Deployment) -> Deployment:
    deployment.clock.set(MONDAY)
    deployment.engine = replace(deployment.engine, watches_silence=True)
    return deployment


def send(deployment: Deployment, feed: str = BLACKPOOL) -> None:
    deployment.put_entries({"entry_id": "e1", "cli": "01632 960123"}, feed=feed)


def weekly(deployment: Deployment, feed: str = BLACKPOOL) -> None:
    # A weekly feed counts as silent ten and a half days after its last submission.
    for week in range(5):
        deployment.clock.set(MONDAY + timedelta(weeks=week))
        send(deployment, feed)


def pass_days(deployment: Deployment, days: float) -> None:
    for _ in range(int(days * 4)):
        deployment.tick(hours=6)


def raised(deployment: Deployment) -> list[str]:
    deployment.tick(seconds=1)
    return [sent.message.text for sent in deployment.mails() if sent.route == OPERATOR]


def days_of(deployment: Deployment, days: int) -> list[date]:
    found: list[date] = []
    for _ in range(days * 24):
        before = len(deployment.mails())
        deployment.tick(hours=1)
        today = deployment.clock.now().astimezone(LONDON).date()
        found += [today] * (len(deployment.mails()) - before)
    return found


def test_it_is_raised_by_the_rhythm_of_the_feed_with_the_time_of_the_last_submission(monday: Deployment) -> None:
    weekly(monday)
    pass_days(monday, 10)
    assert raised(monday) == []
    pass_days(monday, 0.5)
    (said,) = raised(monday)
    assert "Blackpool (E06000009): last heard on Monday 2 November 2026 at 10:00am" in " ".join(said.split())
    assert monday.mails()[-1].message.subject.startswith("Pullcord: 1 feed has fallen silent, lines at risk may be")


def test_it_is_raised_once_a_working_day_and_never_on_a_day_off(monday: Deployment) -> None:
    weekly(monday)
    # From Monday 2 November. Ten and a half days later it is Thursday the twelfth.
    found = days_of(monday, 19)
    assert found == [date(2026, 11, day) for day in (12, 13, 16, 17, 18, 19, 20)]


def test_a_silence_that_begins_on_a_saturday_is_raised_on_monday(monday: Deployment) -> None:
    # A feed without a rhythm has eight days, which end on a Saturday.
    monday.clock.set(datetime(2026, 11, 6, 12, tzinfo=UTC))
    send(monday)
    assert days_of(monday, 11) == [date(2026, 11, 16), date(2026, 11, 17)]


def test_a_bank_holiday_of_the_nation_of_the_council_is_a_day_off(monday: Deployment) -> None:
    # Monday 30 November is St Andrew's Day, in Scotland alone.
    add_feed(monday.store, "council", "S12000033", "Aberdeen")
    monday.clock.set(datetime(2026, 11, 21, 12, tzinfo=UTC))
    send(monday, ABERDEEN)
    assert days_of(monday, 11) == [date(2026, 12, 1), date(2026, 12, 2)]


def test_a_feed_that_is_heard_again_is_raised_no_more_until_it_is_silent_again(monday: Deployment) -> None:
    weekly(monday)
    pass_days(monday, 10.5)
    assert len(raised(monday)) == 1
    send(monday)
    pass_days(monday, 8)
    assert len(raised(monday)) == 1
    # The usual gaps now include the long gap.
    pass_days(monday, 11)
    assert len(raised(monday)) > 1


def test_a_feed_that_was_heard_before_the_message_left_is_not_raised(monday: Deployment) -> None:
    weekly(monday)
    monday.clock.advance(days=11)
    assert monday.engine.run_due()
    send(monday)
    assert raised(monday) == []


def test_a_feed_that_has_sent_nothing_yet_is_not_silent(monday: Deployment) -> None:
    pass_days(monday, 60)
    assert raised(monday) == []


def test_feeds_that_are_silent_together_are_one_message(monday: Deployment) -> None:
    weekly(monday)
    monday.post_notices({"id": "n1", "cli": "01632 960999", "planned_migration_date": "2027-03-03"})
    monday.clock.advance(days=11)
    (said,) = raised(monday)
    assert "2 feeds have sent nothing" in said
    assert "Raven Telecom (RAVN)" in said


def test_without_an_operator_it_is_on_record_that_nobody_could_be_told(monday: Deployment) -> None:
    monday.engine = replace(monday.engine, fallback=())
    weekly(monday)
    pass_days(monday, 12)
    assert monday.mails() == []


@pytest.mark.parametrize("seed", range(5))
def test_after_any_history_the_first_message_comes_on_the_first_working_day_of_the_silence(
    monday: Deployment, seed: int
) -> None:
    chance = random.Random(seed)
    heard = []
    for _ in range(chance.randint(1, 12)):
        monday.clock.advance(hours=chance.randint(1, 24 * 9))
        send(monday)
        heard.append(monday.clock.now())
    newest = {moment.date(): moment for moment in heard}
    due = max(heard) + allowed_silence(list(newest.values()))
    while not is_working_day(due.astimezone(LONDON).date(), Nation.ENGLAND):
        due += timedelta(hours=1)
    while not (found := raised(monday)):
        monday.tick(hours=1)
    assert len(found) == 1
    assert timedelta(0) <= monday.clock.now() - due <= timedelta(hours=2)
