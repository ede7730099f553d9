from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.channels.http.http_results import result_of_status, seconds_asked
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome


@given(st.integers(100, 999), st.none() | st.text())
def test_only_a_success_is_an_acceptance_whatever_the_answer(status: int, retry_after: str | None) -> None:
    result = result_of_status(status, retry_after)
    assert (result == ACCEPTED) is (200 <= status < 300)
    assert (result.outcome is SendOutcome.SENT) is (result == ACCEPTED)


@pytest.mark.parametrize("status", [502, 504, 520, 524])
def test_a_gateway_that_lost_its_service_leaves_a_doubt(status: int) -> None:
    assert result_of_status(status).outcome is SendOutcome.IN_DOUBT


@given(st.integers(0, 10**6))
def test_seconds_are_read_as_a_number_or_as_a_date(seconds: int) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    assert seconds_asked(str(seconds)) == seconds
    assert seconds_asked(at) == pytest.approx(seconds, abs=30)


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "1.5", "²", "Mon, 99 Foo 2026", "Sat, 01 Jan 99999 00:00:00"])
def test_what_is_neither_asks_nothing(text: str | None) -> None:
    assert seconds_asked(text) is None


def test_a_time_that_is_over_asks_nothing_more() -> None:
    assert seconds_asked("Sun, 06 Nov 1994 08:49:37 GMT") == 0
