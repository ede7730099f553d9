from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from schemas.codes import CaseState
from services.alerts.policy.policy import Escalation, EscalationReason
from services.alerts.review.withdrawal import is_about_withdrawal, next_message
from tests.unit.alerts.review.cases import GATHERING, HOUR, MINUTE, NOW, POLICY, case

OVER = case(CaseState.NOTICE_WITHDRAWN, state_since=NOW)
NIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_it_is_told_once_others_have_been_gathered_at_the_threshold_told_last() -> None:
    told = Escalation(NOW + GATHERING, 14, EscalationReason.NOTICE_WITHDRAWN)
    assert next_message(OVER, POLICY, NOW) == told


def test_a_case_without_a_threshold_is_told_at_the_first() -> None:
    made = next_message(replace(OVER, last_threshold=None), POLICY, NOW)
    assert made is not None
    assert made.threshold == 56


@pytest.mark.parametrize(
    "changes", [{"warned": False}, {"state": CaseState.CLOSED}, {"state": CaseState.SERVICE_ENDED}]
)
def test_nothing_is_owed_of_another_end_nor_to_a_council_that_never_heard_of_it(changes: dict[str, Any]) -> None:
    assert next_message(replace(OVER, **changes), POLICY, NOW) is None


def test_an_open_case_is_owed_its_escalation() -> None:
    made = next_message(case(), POLICY, NOW)
    assert made is not None
    assert made.reason is EscalationReason.THRESHOLD_REACHED


@pytest.mark.parametrize(
    ("since", "now"), [(NIGHT, NIGHT), (NOW, NIGHT), (NOW - 10 * HOUR, datetime(2026, 11, 24, 6, 59, tzinfo=UTC))]
)
def test_it_waits_for_the_morning_also_when_overdue(since: datetime, now: datetime) -> None:
    made = next_message(replace(OVER, state_since=since), POLICY, now)
    assert made is not None
    assert made.due_at == MORNING


def test_where_it_is_overdue_by_day_it_is_due_now() -> None:
    made = next_message(replace(OVER, state_since=NOW - HOUR), POLICY, NOW)
    assert made is not None
    assert made.due_at == NOW


@pytest.mark.parametrize(
    ("tried", "due"),
    [
        (timedelta(0), timedelta(days=1)),
        (5 * MINUTE, timedelta(days=1, minutes=5)),
        (-MINUTE, GATHERING),
    ],
    ids=["as it ended", "since it ended", "of a danger before it ended"],
)
def test_one_that_was_written_and_has_reached_nobody_is_owed_again_a_day_later(
    tried: timedelta, due: timedelta
) -> None:
    always = POLICY.model_copy(update={"quiet_from": time(0), "quiet_until": time(0)})
    made = next_message(replace(OVER, tried_at=NOW + tried), always, NOW)
    assert made is not None
    assert made.due_at == NOW + due


def test_its_reason_is_known_from_the_others() -> None:
    assert [reason for reason in EscalationReason if is_about_withdrawal(reason)] == [EscalationReason.NOTICE_WITHDRAWN]
