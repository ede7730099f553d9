from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.policy.rota.calendar_events import MOST_BYTES, CalendarRefusedError
from services.alerts.policy.rota.calendar_import import read_overrides
from services.alerts.policy.rota.rota_settings import MOST_OVERRIDES, RotaOverride
from tests.unit.alerts.policy.rota.calendars import (
    ALL,
    CONTACTS,
    LONDON_NIGHT,
    ROTA,
    calendar,
    event,
    refusal,
)

# Each takes a moment. A search that does not end is stopped.
pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=1",
        "FREQ=HOURLY;BYMINUTE=0,1,2",
        "FREQ=DAILY;BYHOUR=1,2;BYMINUTE=0,1,2,3;BYSECOND=0,1,2,3",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=MONTHLY;BYDAY=6FR",
        "FREQ=MONTHLY;BYDAY=1FR;BYSETPOS=5",
        "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=366",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTHDAY=27",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=YEARLY;BYWEEKNO=53",
        "FREQ=DAILY;UNTIL=tomorrow",
        "COUNT=3",
        "",
    ],
)
def test_a_hostile_or_damaged_rule_is_refused_at_once(rule: str) -> None:
    assert refusal(calendar(event(*LONDON_NIGHT, f"RRULE:{rule}"))).startswith("event 1")


def test_a_time_zone_with_a_rule_of_every_second_is_never_read() -> None:
    parts = ("BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0100")
    zone = "\r\n".join(["BEGIN:VTIMEZONE", "TZID:Mine", *parts, "RRULE:FREQ=SECONDLY", "END:STANDARD", "END:VTIMEZONE"])
    said = refusal(calendar(zone, event("DTSTART;TZID=Mine:20260327T220000", "DURATION:PT1H")))
    assert "unknown time zone" in said


def test_many_events_of_many_days_end_at_once() -> None:
    days = [event(*LONDON_NIGHT, "RRULE:FREQ=DAILY") for _ in range(900)]
    assert f"more than {MOST_OVERRIDES} shifts" in refusal(calendar(*days))
    assert "more than 1000 events" in refusal(calendar(*[event(*LONDON_NIGHT, "STATUS:CANCELLED")] * 1001))
    long_over = [event("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=DAILY;UNTIL=20251231") for _ in range(900)]
    assert "let rules begin later" in refusal(calendar(*long_over))
    never = [event(*LONDON_NIGHT, f"RRULE:FREQ=YEARLY;UNTIL=20200101;INTERVAL={n % 366 + 1}") for n in range(900)]
    assert read_overrides(calendar(*never), ROTA, CONTACTS, ALL) == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not whole"),
        (event(*LONDON_NIGHT).encode(), "no calendar"),
        (calendar() + b"END:VCALENDAR", "no calendar"),
        (b"PK\x03\x04 a workbook", "no calendar"),
        (b"\xff\xfe", "not in UTF-8"),
        (b"Subject,Start\r\nJo,24/12/2026\r\n", "no calendar"),
        (calendar(event(*LONDON_NIGHT))[:-18], "not whole"),
        (calendar("BEGIN:VEVENT", "END:VALARM"), "damaged"),
        (calendar("X:" + "x" * MOST_BYTES), "larger than"),
        (calendar(event("DTSTART:" + "2" * 20_000)), "longer than"),
        (b"BEGIN:VCALENDAR\n" * 50_000, "not whole"),
    ],
)
def test_a_file_that_is_no_whole_calendar_is_refused(data: bytes, said: str) -> None:
    assert said in refusal(data)


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*LONDON_NIGHT, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260328", "CATEGORIES:first"])))
def test_any_mixture_of_lines_is_read_or_refused(lines: list[str]) -> None:
    try:
        found = read_overrides(calendar(event(*lines)), ROTA, CONTACTS, ALL)
    except CalendarRefusedError:
        return
    assert all(isinstance(one, RotaOverride) for one in found)


FRAGMENTS: tuple[str, ...] = (
    ";",
    ":",
    ",",
    "VALUE=DATE",
    "VALUE=TIME",
    "VALUE=DURATION:-P1D\r\n",
    "TZID=",
    "\r\n",
    "BEGIN:VEVENT\r\n",
)
FRAGMENTS += ("9999999999", "-", "RRULE:", "EXDATE:", "99991231T230000Z", "00010101", "\0", '"', "Asia/Tokyo", "é")
WHOLE = calendar(
    event(*LONDON_NIGHT, "RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=3;UNTIL=20270101T000000Z", "EXDATE:20260403T210000Z"),
    event("DTSTART;VALUE=DATE:20261201", "DURATION:P1D", "RRULE:FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1"),
)
damages = st.tuples(
    st.integers(0, len(WHOLE)), st.integers(0, 9), st.sampled_from(FRAGMENTS).map(str.encode) | st.binary()
)


@settings(max_examples=300)
@given(st.lists(damages, min_size=1, max_size=4))
def test_a_damaged_calendar_is_read_or_refused(damage: list[tuple[int, int, bytes]]) -> None:
    data = WHOLE
    for where, cut, put in damage:
        data = data[:where] + put + data[where + cut :]
    try:
        read_overrides(data, ROTA, CONTACTS, ALL)
    except CalendarRefusedError:
        return
