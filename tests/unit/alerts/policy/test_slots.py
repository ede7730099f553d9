from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.policy.escalation.slots import LONGEST_WAIT, LastMessages, moved_slot, next_slot
from services.alerts.policy.policy_settings import CouncilPolicy

POLICY = CouncilPolicy()
MONDAY_NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: MONDAY_NINE + minutes * MINUTE)


@pytest.mark.parametrize("urgent", [True, False])
def test_somebody_who_had_no_message_gets_it_at_once(urgent: bool) -> None:
    assert next_slot(POLICY, LastMessages(), MONDAY_NINE + HOUR, urgent=urgent) == MONDAY_NINE + HOUR


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (MONDAY_NINE - MINUTE, MONDAY_NINE + HOUR),
        (MONDAY_NINE, MONDAY_NINE + timedelta(days=1)),
        (MONDAY_NINE + HOUR, MONDAY_NINE + timedelta(days=1)),
    ],
)
def test_what_is_not_urgent_waits_for_the_next_working_day_after_a_message_on_this_one(
    last: datetime, due: datetime
) -> None:
    assert next_slot(POLICY, LastMessages(last), MONDAY_NINE + HOUR, urgent=False) == due


def test_an_urgent_message_waits_for_no_other_than_an_urgent_one() -> None:
    now = MONDAY_NINE + HOUR
    assert next_slot(POLICY, LastMessages(now, None), now, urgent=True) == now
    assert next_slot(POLICY, LastMessages(now, now - 5 * MINUTE), now, urgent=True) == now + 10 * MINUTE
    assert next_slot(POLICY, LastMessages(now, now - HOUR), now, urgent=True) == now


def test_over_christmas_it_waits_for_the_first_working_day() -> None:
    eve = datetime(2026, 12, 24, 10, tzinfo=UTC)
    assert next_slot(POLICY, LastMessages(eve), eve + HOUR, urgent=False) == datetime(2026, 12, 29, 9, tzinfo=UTC)


def test_however_long_the_council_is_closed_it_waits_five_days_at_most() -> None:
    closed = CouncilPolicy(closures=({"label": "Move", "first": "2026-12-01", "last": "2026-12-30"},))
    now = MONDAY_NINE + HOUR
    assert next_slot(closed, LastMessages(MONDAY_NINE), now, urgent=False) == now + LONGEST_WAIT


def test_a_policy_may_send_every_message_at_once() -> None:
    policy = CouncilPolicy(one_digest_a_day=False)
    now = MONDAY_NINE + HOUR
    assert next_slot(policy, LastMessages(now), now, urgent=False) == now


@given(moments, st.none() | st.integers(0, 10_000), st.booleans())
def test_a_slot_is_never_in_the_past_nor_too_far_ahead(now: datetime, ago: int | None, urgent: bool) -> None:
    at = None if ago is None else now - ago * MINUTE
    found = next_slot(POLICY, LastMessages(at, at), now, urgent=urgent)
    assert now <= found <= now + (15 * MINUTE if urgent else LONGEST_WAIT)
    if not urgent and found > now:
        assert POLICY.days.is_working(found.date())
        assert found == POLICY.days.next_start(found)


def test_a_council_that_works_every_day_has_its_digest_on_the_next_day() -> None:
    policy = CouncilPolicy(works_every_day=True)
    saturday = datetime(2026, 12, 5, 10, tzinfo=UTC)
    assert next_slot(policy, LastMessages(saturday), saturday + HOUR, urgent=False) == saturday + timedelta(hours=23)


@pytest.mark.parametrize("urgent", [True, False])
def test_a_message_that_a_clock_dated_ahead_puts_off_no_other(urgent: bool) -> None:
    now, ahead = MONDAY_NINE + HOUR, MONDAY_NINE + timedelta(days=9)
    assert next_slot(POLICY, LastMessages(ahead, ahead), now, urgent=urgent) == now
    # The clock of another process may be some minutes ahead.
    soon = now + 5 * MINUTE
    assert next_slot(POLICY, LastMessages(soon, soon), now, urgent=urgent) > now


@pytest.mark.parametrize(
    ("policy", "moved"),
    [
        (CouncilPolicy(day_starts="10:00"), HOUR),
        (CouncilPolicy(day_starts="08:00"), -HOUR),
        (CouncilPolicy(), timedelta()),
        (CouncilPolicy(day_starts="10:00", one_digest_a_day=False), timedelta()),
        # A closed day puts off nothing that waits already.
        (CouncilPolicy(closures=({"label": "Move", "first": "2026-12-01", "last": "2026-12-04"},)), timedelta()),
    ],
)
def test_a_new_start_of_the_day_moves_what_waits_for_it(policy: CouncilPolicy, moved: timedelta) -> None:
    slot = MONDAY_NINE + timedelta(days=1)
    assert moved_slot(policy, slot, MONDAY_NINE + HOUR, MONDAY_NINE + 2 * HOUR) == slot + moved


def test_no_policy_puts_off_what_waits_only_for_the_interval_between_urgent_messages() -> None:
    slot, late = MONDAY_NINE + 15 * MINUTE, CouncilPolicy(day_starts="10:00")
    assert moved_slot(late, slot, MONDAY_NINE, MONDAY_NINE + MINUTE) == slot
