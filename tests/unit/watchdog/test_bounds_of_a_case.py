from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.codes import CaseState
from services.alerts.review.owed import LOOK_AGAIN
from services.alerts.review.timeline import REVIEWED
from services.alerts.states import machine
from services.core.days.working_days import Nation, nation_of
from services.storage.tables.cases import ENDS
from services.watchdog import bounds, states
from services.watchdog.calendar import CouncilCalendar
from services.watchdog.findings import FaultKind
from services.watchdog.message import _SENTENCES
from services.watchdog.rules import NOTHING, Acceptance, CaseRecord, faults_of, owed_by

# A Monday morning in winter, when the time in London is UTC.
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LATER = MONDAY + timedelta(days=3650)
TODAY = MONDAY.date()


def a_case(**values: Any) -> CaseRecord:
    usual: dict[str, Any] = {
        "pk": 1,
        "reference": "C-1",
        "feed_id": "council:E06000009",
        "state": "open",
        "state_since": MONDAY,
        "level": "confirmed",
        "harm_on": None,
        "planned_on": None,
        "restriction_on": None,
        "lines": 1,
        "opened_at": MONDAY,
        "last_alert_at": None,
        "paused_until": None,
        "hold_until": None,
        "review_on": None,
        "changes_wait_since": None,
        "due_at": MONDAY,
    }
    return CaseRecord(**(usual | values))


def owed(values: dict[str, Any], accepted: datetime | None) -> datetime | None:
    case = a_case(**values)
    return owed_by(case, accepted, CouncilCalendar(nation_of(case.feed_id)), LATER)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (states.ENDED, machine.ENDED),
        (states.ENDED, ENDS),
        (states.SILENT, machine.CLOCK_STOPPED),
        (states.URGENT, machine.URGENT),
        (states.MOVED, machine.MOVED),
        (states.LOOKED_AT_AGAIN, REVIEWED),
    ],
    ids=["ended", "ended in the table", "silent", "urgent", "moved", "looked at again"],
)
def test_the_copy_of_the_states_is_that_of_the_state_table(ours: frozenset[str], theirs: Any) -> None:
    assert ours == {str(getattr(state, "value", state)) for state in theirs}
    assert ours <= {state.value for state in CaseState}


def test_no_review_lies_further_ahead_than_the_watchdog_allows() -> None:
    assert bounds.LONGEST_WAIT == LOOK_AGAIN


def test_every_kind_of_fault_has_its_sentence() -> None:
    assert set(_SENTENCES) == set(FaultKind)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Urgent: a quarter of an hour, by day and night.
        ({"state": "line_restricted"}, "2026-11-23T10:15"),
        ({"state": "reverted", "opened_at": at("2026-11-28T02:00")}, "2026-11-28T02:15"),
        ({"harm_on": TODAY}, "2026-11-23T10:15"),
        ({"harm_on": in_days(-40)}, "2026-11-23T10:15"),
        # Harm tomorrow, or on a day before which fewer than two working days would be left.
        ({"harm_on": in_days(1)}, "2026-11-23T10:15"),
        ({"harm_on": in_days(2), "opened_at": MONDAY + timedelta(hours=2)}, "2026-11-23T12:15"),
        # Two working days are left after a wait until the morning, but the day before the harm is the last that can.
        ({"harm_on": in_days(2), "opened_at": at("2026-11-23T02:00")}, "2026-11-24T00:15"),
        # Later harm, or a day that nobody knows: the next working day, and not on a Saturday or bank holiday.
        ({"harm_on": in_days(30)}, "2026-11-24T11:00"),
        ({}, "2026-11-24T11:00"),
        ({"opened_at": at("2026-11-27T12:00")}, "2026-11-30T11:00"),
        ({"opened_at": at("2026-12-24T12:00")}, "2026-12-29T11:00"),
        ({"opened_at": at("2026-11-27T12:00"), "feed_id": "council:S12000036"}, "2026-12-01T11:00"),
        # A match that is only possible wakes nobody, however near its day.
        ({"harm_on": TODAY, "level": "possible"}, "2026-11-24T11:00"),
        # Nobody need be told of a day that lies far ahead.
        ({"harm_on": in_days(57)}, "2026-11-25T11:00"),
        ({"harm_on": in_days(100)}, "2027-01-07T11:00"),
        ({"harm_on": in_days(40), "level": "possible"}, "2026-12-07T11:00"),
        # After a pause the time counts from its end.
        ({"harm_on": in_days(30), "paused_until": at("2026-11-26T16:00")}, "2026-11-27T11:00"),
        ({"state": "line_restricted", "paused_until": at("2026-11-23T14:00")}, "2026-11-23T14:15"),
        # A silent case whose day has come, also if nobody has noticed it.
        ({"state": "hold_confirmed", "hold_until": in_days(4)}, "2026-11-30T11:00"),
        ({"state": "confirmed_safe", "review_on": in_days(3)}, "2026-11-27T11:00"),
        ({"state": "closed", "review_on": in_days(3)}, "2026-11-27T11:00"),
        ({"state": "confirmed_safe", "planned_on": in_days(3)}, "2026-11-30T11:00"),
        ({"state": "hold_confirmed", "hold_until": in_days(90), "restriction_on": in_days(1)}, "2026-11-25T11:00"),
        ({"state": "confirmed_safe", "changes_wait_since": at("2026-11-25T12:00")}, "2026-11-26T11:00"),
    ],
)
def test_the_first_message_is_owed_by(values: dict[str, Any], expected: str) -> None:
    assert owed(values, None) == at(expected)


@pytest.mark.parametrize(
    ("values", "accepted", "expected"),
    [
        ({}, MONDAY, "2026-12-09T11:00"),
        ({"harm_on": in_days(50)}, at("2026-11-23T16:00"), "2026-12-09T16:00"),
        ({"state": "line_restricted"}, MONDAY, "2026-11-27T11:00"),
        ({"state": "line_restricted"}, at("2026-12-24T12:00"), "2027-01-04T12:00"),
        ({"harm_on": in_days(-1)}, MONDAY, "2026-11-27T11:00"),
        ({"harm_on": TODAY, "level": "possible"}, MONDAY, "2026-12-09T11:00"),
        # The day on which anybody must be told first is a Sunday: the message of the Friday before is that of this day.
        (
            {"harm_on": date(2027, 1, 17), "opened_at": at("2026-11-10T12:00")},
            at("2026-11-20T09:00"),
            "2026-12-08T11:00",
        ),
        # From two days before the harm on, at least every second working day. That begins only with these two days.
        ({"harm_on": in_days(11)}, MONDAY, "2026-12-03T11:00"),
        # A move that a provider only claims wakes nobody after the first message.
        (
            {"state": "migrated_unconfirmed", "providers": "RAVN", "claimed_by": "RAVN"},
            MONDAY,
            "2026-12-09T11:00",
        ),
    ],
)
def test_another_message_is_owed_by(values: dict[str, Any], accepted: datetime, expected: str) -> None:
    assert owed(values, accepted) == at(expected)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "confirmed_safe"},
        {"state": "hold_confirmed", "hold_until": in_days(4000)},
        {"state": "hold_confirmed", "hold_until": in_days(4000), "restriction_on": in_days(-1)},
        {"state": "service_ended", "review_on": in_days(1)},
        {"state": "false_match", "harm_on": TODAY},
        {"paused_until": LATER + timedelta(days=1)},
        {"harm_on": in_days(4000)},
    ],
)
def test_no_message_is_owed(values: dict[str, Any]) -> None:
    assert owed(values, None) is None


@pytest.mark.parametrize(
    ("values", "accepted", "kind"),
    [
        ({"due_at": None}, NOTHING, FaultKind.NO_DUE_TIME),
        ({"due_at": None, "state": "confirmed_safe"}, NOTHING, FaultKind.NO_DUE_TIME),
        ({"due_at": MONDAY - timedelta(minutes=21)}, NOTHING, FaultKind.REVIEW_LATE),
        ({"due_at": MONDAY + timedelta(days=8)}, NOTHING, FaultKind.REVIEW_PUT_OFF),
        ({"paused_until": MONDAY + timedelta(days=8)}, NOTHING, FaultKind.PAUSE_TOO_LONG),
        ({"state": "hold_confirmed"}, NOTHING, FaultKind.HOLD_WITHOUT_END),
        ({"last_alert_at": MONDAY}, NOTHING, FaultKind.NEVER_ACCEPTED),
        (
            {"last_alert_at": MONDAY},
            Acceptance(None, MONDAY - timedelta(hours=1)),
            FaultKind.NEVER_ACCEPTED,
        ),
        ({"opened_at": MONDAY - timedelta(days=9)}, NOTHING, FaultKind.MESSAGE_MISSING),
    ],
)
def test_a_fault_of_a_case_is_named(values: dict[str, Any], accepted: Acceptance, kind: FaultKind) -> None:
    assert [fault.kind for fault in faults_of(a_case(**values), accepted, CouncilCalendar(), MONDAY)] == [kind]


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ({}, NOTHING),
        ({"due_at": None, "state": "closed"}, NOTHING),
        ({"due_at": MONDAY + timedelta(days=900), "state": "closed"}, NOTHING),
        ({"due_at": MONDAY - timedelta(minutes=19)}, NOTHING),
        ({"paused_until": MONDAY + timedelta(days=7)}, NOTHING),
        ({"last_alert_at": MONDAY}, Acceptance(MONDAY, MONDAY)),
        # An attempt in doubt may have reached somebody. While the case is silent the mark decides nothing.
        ({"last_alert_at": MONDAY}, Acceptance(in_doubt=True)),
        ({"last_alert_at": MONDAY, "state": "confirmed_safe"}, NOTHING),
    ],
)
def test_nothing_is_wrong_with_a_case(values: dict[str, Any], accepted: Acceptance) -> None:
    assert list(faults_of(a_case(**values), accepted, CouncilCalendar(), MONDAY)) == []


CLOSED = frozenset(date(2026, 12, 24) + timedelta(days=one) for one in range(11))


@pytest.mark.parametrize(
    ("values", "accepted", "expected"),
    [
        # Closed from Christmas Eve to 3 January: what can wait is owed after it.
        ({"opened_at": at("2026-12-23T20:00")}, None, "2027-01-04T11:00"),
        ({"opened_at": at("2026-12-23T20:00"), "state": "line_restricted"}, None, "2026-12-23T20:15"),
        # After the closure too few working days would be left.
        ({"opened_at": at("2026-12-30T12:00"), "harm_on": date(2027, 1, 1)}, None, "2026-12-30T12:15"),
        ({"state": "line_restricted"}, at("2026-12-23T12:00"), "2027-01-07T12:00"),
    ],
)
def test_the_closures_of_a_council_count(values: dict[str, Any], accepted: datetime | None, expected: str) -> None:
    calendar = CouncilCalendar(Nation.ENGLAND, CLOSED)
    assert owed_by(a_case(**values), accepted, calendar, LATER) == at(expected)
