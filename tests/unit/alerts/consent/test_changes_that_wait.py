from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.codes import CaseEvent, CaseState
from services.alerts.policy.policy import EscalationReason
from services.alerts.review.case import Case
from services.alerts.review.recording import with_record
from services.alerts.review.withdrawal import next_message
from services.alerts.states.records import HumanAct
from tests.unit.alerts.review.cases import GATHERING, LINE, NOW, POLICY, case, events, reviewed

FAR = replace(LINE, planned_on=date(2027, 12, 3))


def waiting(state: CaseState = CaseState.OPEN, since: datetime = NOW, feed_id: str = "council:E06000009") -> Case:
    return case(
        state,
        feed_id=feed_id,
        harm_on=FAR.planned_on,
        planned_on=FAR.planned_on,
        changes_wait_since=since,
        opened_at=since,
    )


def accepted(of: Case, at: datetime) -> Case:
    return replace(of, last_alert_at=at, last_threshold=56, revision=of.revision + 1)


def days_raised(of: Case, start: datetime, days: int) -> list[date]:
    found = []
    for hour in range(days * 24):
        now = start + timedelta(hours=hour)
        if of.due_at is not None and of.due_at > now:
            continue
        made = reviewed(of, FAR, now=now)
        found += [now.date() for event in events(made) if event is CaseEvent.CHANGES_WAIT]
        of = accepted(made.case, now) if made.message and made.message.due_at <= now else made.case
    return found


@pytest.mark.parametrize("state", [CaseState.OPEN, CaseState.VISIT_BOOKED, CaseState.HOLD_CONFIRMED])
def test_it_is_told_at_once_however_far_the_day_is(state: CaseState) -> None:
    made = reviewed(waiting(state), FAR)
    assert events(made) == [CaseEvent.CHANGES_WAIT]
    assert made.message is not None
    assert (made.message.due_at, made.message.reason) == (NOW + GATHERING, EscalationReason.CHANGES_WAIT)
    assert (made.case.due_at, made.case.last_threshold) == (NOW + GATHERING, None)


def test_it_ends_an_acknowledgement() -> None:
    paused = replace(waiting(CaseState.ACKNOWLEDGED), paused_until=NOW + timedelta(days=2))
    made = reviewed(paused, FAR)
    assert (made.case.state, made.case.paused_until) == (CaseState.OPEN, None)


def test_it_wakes_nobody() -> None:
    night = datetime(2026, 11, 23, 23, tzinfo=UTC)
    made = reviewed(waiting(since=night), FAR, now=night)
    assert made.message is not None
    assert made.message.due_at == datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_it_is_told_once_on_a_day() -> None:
    first = accepted(reviewed(waiting(), FAR).case, NOW)
    again = reviewed(first, FAR, now=NOW + timedelta(hours=2))
    assert events(again) == []
    assert again.case.due_at == datetime(2026, 11, 24, tzinfo=UTC)


def test_it_is_told_again_on_each_working_day() -> None:
    friday = datetime(2026, 11, 27, 10, tzinfo=UTC)
    raised = days_raised(waiting(since=friday), friday, 5)
    assert raised == [date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)]


@pytest.mark.parametrize(
    ("feed_id", "again"),
    [
        ("council:E06000009", date(2026, 11, 30)),
        ("council:W06000015", date(2026, 11, 30)),
        # Saint Andrew's Day.
        ("council:S12000033", date(2026, 12, 1)),
    ],
)
def test_it_is_told_again_on_a_working_day_of_the_council(feed_id: str, again: date) -> None:
    friday = datetime(2026, 11, 27, 10, tzinfo=UTC)
    assert days_raised(waiting(since=friday, feed_id=feed_id), friday, 5)[1] == again


def test_it_is_not_told_again_on_a_bank_holiday() -> None:
    eve = datetime(2026, 12, 24, 10, tzinfo=UTC)
    assert days_raised(waiting(since=eve), eve, 6) == [date(2026, 12, 24), date(2026, 12, 29), date(2026, 12, 30)]


def test_an_agreement_ends_the_wait() -> None:
    raised = replace(waiting(), changes_raised_on=NOW.date())
    agreed = with_record(raised, CaseEvent.ACCEPT_CHANGES, HumanAct(by="Asha Patel"), [FAR], NOW.date())
    assert (agreed.changes_wait_since, agreed.changes_raised_on) == (None, None)
    made = reviewed(agreed, FAR)
    assert (made.case.changes_wait, events(made)) == (False, [])


def test_nothing_waits_any_more_when_a_person_has_ended_the_case() -> None:
    ended = replace(waiting(), changes_raised_on=NOW.date(), state=CaseState.FALSE_MATCH)
    made = reviewed(ended).case
    assert (made.changes_wait_since, made.changes_raised_on) == (None, None)


def test_a_clock_that_ran_ahead_silences_no_change() -> None:
    ahead = replace(waiting(since=NOW + timedelta(days=90)), changes_raised_on=date(2027, 3, 1), last_alert_at=NOW)
    again = reviewed(ahead, FAR).case
    assert again.due_at is not None
    assert again.due_at <= datetime(2026, 11, 24, tzinfo=UTC)


def test_a_message_that_reached_nobody_is_owed_again_a_day_later() -> None:
    tried = replace(waiting(), changes_raised_on=NOW.date(), last_alert_at=None, tried_at=NOW - timedelta(minutes=5))
    made = reviewed(tried, FAR).message
    assert made is not None
    assert (made.due_at, made.reason) == (NOW + timedelta(days=1, minutes=-5), EscalationReason.CHANGES_WAIT)


def test_a_change_raised_anew_is_told_when_the_working_day_begins() -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    raised = replace(waiting(), changes_raised_on=midnight.date(), last_alert_at=None, last_threshold=None)
    made = next_message(raised, POLICY, midnight)
    assert made is not None
    assert (made.due_at, made.reason) == (datetime(2026, 11, 24, 9, tzinfo=UTC), EscalationReason.CHANGES_WAIT)


def test_it_is_told_with_the_first_alert_where_that_is_due_before() -> None:
    first = replace(waiting(), harm_on=LINE.planned_on, last_alert_at=None, changes_raised_on=NOW.date())
    made = next_message(first, POLICY, NOW)
    assert made is not None
    assert (made.due_at, made.reason) == (NOW, EscalationReason.CHANGES_WAIT)


@pytest.mark.parametrize(("hours", "due"), [(2, timedelta(hours=2)), (-1, GATHERING)])
def test_it_waits_for_the_end_of_a_pause_that_a_person_has_set(hours: int, due: timedelta) -> None:
    paused = replace(waiting(CaseState.VISIT_BOOKED), paused_until=NOW + timedelta(hours=hours))
    made = next_message(replace(paused, changes_raised_on=NOW.date(), last_alert_at=None), POLICY, NOW)
    assert made is not None
    assert (made.due_at, made.reason) == (NOW + due, EscalationReason.CHANGES_WAIT)
