from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from services.alerts.policy.rota.calendar_export import as_calendar
from services.alerts.policy.rota.calendar_import import read_overrides
from services.alerts.policy.rota.rota_settings import Rota
from services.alerts.policy.rota.shifts import on_duty, shifts
from services.alerts.policy.rota.spans import TimeSpan
from tests.unit.alerts.policy.rota.calendars import (
    ALL,
    CONTACTS,
    DAY,
    LONDON_NIGHT,
    ROTA,
    STAMP,
    calendar,
    event,
    read,
    refusal,
)
from tests.unit.alerts.policy.rota.rotas import AUTUMN, MONDAY, SPRING, at, near, rotas, weekly


@settings(max_examples=40)
@given(rotas, near, st.integers(1, 30))
def test_a_rota_that_goes_out_and_comes_in_again_has_the_same_people_on_duty(
    rota: Rota, start: datetime, days: int
) -> None:
    within = TimeSpan(start, start + days * DAY)
    data = as_calendar(shifts(rota, within), STAMP)
    empty = [layer.model_copy(update={"people": (None,)}) for layer in rota.layers]
    back = Rota(layers=tuple(empty), overrides=read_overrides(data, rota, CONTACTS, within))
    for n in range(days * 8):
        moment = start + n * timedelta(hours=3)
        assert [one.person for one in on_duty(back, moment)] == [one.person for one in on_duty(rota, moment)]


def test_a_calendar_program_reads_each_shift_once_under_a_uid_that_stays() -> None:
    found = shifts(ROTA, TimeSpan(at(MONDAY), at(MONDAY) + 90 * DAY))
    first, again = (Calendar.from_ical(as_calendar(found, stamp)).walk("VEVENT") for stamp in (STAMP, STAMP + DAY))
    assert [str(one["SUMMARY"]) for one in first] == [one.person for one in found]
    assert [cast("Event", one).start for one in first] == [one.span.start for one in found]
    assert len({str(one["UID"]) for one in first}) == len(found)
    assert [one["UID"] for one in first] == [one["UID"] for one in again]


def test_a_weekly_night_keeps_its_local_times_over_the_clock_changes() -> None:
    found = read(*LONDON_NIGHT, "RRULE:FREQ=WEEKLY;COUNT=3")
    assert found[:2] == [
        (at(SPRING[0] - 2 * DAY, 22), at(SPRING[0] - DAY, 7)),
        (at(SPRING[0] + 5 * DAY, 22), at(SPRING[0] + 6 * DAY, 7)),
    ]
    assert len(found) == 3


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261226"), 2),
        (("DTSTART;VALUE=DATE:20261224",), 1),
        (("DTSTART:20261224T000000", "DTEND:20261225T000000"), 1),
        (("DTSTART;TZID=GMT Standard Time:20261224T000000", "DURATION:P1D"), 1),
        (("DTSTART:20261224T000000Z", "DTEND:20261225T000000Z"), 1),
    ],
)
def test_a_day_may_be_written_as_programs_write_it(lines: tuple[str, ...], days: int) -> None:
    assert read(*lines) == [(at(date(2026, 12, 24)), at(date(2026, 12, 24) + days * DAY))]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20261208T235959Z", [1, 3, 5, 7]),
        ("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261210", [1, 3, 8, 10]),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU;COUNT=2", [1, 15]),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=2", [1, 36]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1;COUNT=2", [1, 32]),
        ("FREQ=MONTHLY;BYMONTHDAY=1;COUNT=2", [1, 32]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1;COUNT=2", [1, 366]),
    ],
)
def test_a_rule_names_its_days(rule: str, days: list[int]) -> None:
    # 1 December 2026 is a Tuesday. The new year's first working-day rule counts weekdays only, not bank holidays.
    found = read("DTSTART;VALUE=DATE:20261201", f"RRULE:{rule}")
    assert [(begins.date() - date(2026, 11, 30)).days for begins, _ in found] == days


def test_days_left_out_are_left_out_and_cancelled_events_too() -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=4"
    left_out = ("EXDATE;TZID=Europe/London:20260328T220000,20260329T220000", "EXDATE;VALUE=DATE:20260330")
    assert read(*LONDON_NIGHT, rule, *left_out) == [(at(SPRING[0] - 2 * DAY, 22), at(SPRING[0] - DAY, 7))]
    assert read(*LONDON_NIGHT, "STATUS:CANCELLED") == []


def test_a_rule_without_an_end_goes_on_to_the_end_of_the_import() -> None:
    assert read(*LONDON_NIGHT, "RRULE:FREQ=MONTHLY")[-1][0] == at(date(2027, 12, 27), 22)


def test_a_category_names_the_layer_where_there_are_several() -> None:
    rota = Rota(layers=(weekly(), weekly(label="second")))
    data = calendar(event(*LONDON_NIGHT, "CATEGORIES:Work,second"))
    (found,) = read_overrides(data, rota, CONTACTS, ALL)
    assert (found.layer, found.person) == ("second", "Jo")
    said = refusal(calendar(event(*LONDON_NIGHT)), rota)
    assert said.startswith("event 1 (27 Mar 2026 22:00): must have one category")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("DTSTART:20261224T090000",), "has no end"),
        (("DTEND:20261224T090000",), "has no DTSTART"),
        (("DTSTART:20261224T090000", "DTEND:20261224T090000"), "does not end after it begins"),
        (("DTSTART;TZID=Nowhere/Else:20261224T090000", "DURATION:PT1H"), "unknown time zone"),
        (("DTSTART:20261324T090000", "DURATION:PT1H"), "DTSTART cannot be read"),
        (("DTSTART:20261224T090000", "DURATION:P99999999999D"), "DURATION cannot be read"),
        (("DTSTART:20261224T090000", "DTSTART:20261225T090000", "DURATION:PT1H"), "has DTSTART twice"),
        (("DTSTART:18000101T090000", "DURATION:PT1H"), "begins before 2020"),
        (("DTSTART:20261224T090000", "DTEND;TZID=America/New_York:99991231T230000"), "check the years"),
        (("DTSTART;VALUE=DURATION:-P1D", "DURATION:P1D"), "DTSTART is no time and no day"),
        (
            ("DTSTART;TZID=Asia/Tokyo:20261224T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z"),
            "years",
        ),
        (("DTSTART:20260101T090000", "DTEND:20270101T090000"), "lasts less than 92 days"),
        ((*LONDON_NIGHT, "RDATE:20260401T220000"), "RDATE is not read"),
        ((*LONDON_NIGHT, "RECURRENCE-ID:20260401T220000"), "RECURRENCE-ID is not read"),
    ],
)
def test_a_faulty_event_is_named_with_its_remedy(lines: tuple[str, ...], said: str) -> None:
    found = refusal(calendar(event(*LONDON_NIGHT), event(*lines)))
    assert found.startswith("event 2")
    assert said in found


@pytest.mark.parametrize("zone", ["Europe", "../../etc/passwd", "/", "Mine", "x" * 5000, "Europe/London\x00"])
def test_a_time_zone_that_is_none_is_refused(zone: str) -> None:
    assert refusal(calendar(event(f"DTSTART;TZID={zone}:20260327T220000", "DURATION:PT1H"))).startswith("event 1")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r\n"])
def test_lines_may_end_as_any_program_ends_them(end: str) -> None:
    data = calendar(event(*LONDON_NIGHT)).decode().replace("\r\n", end).encode()
    assert len(read_overrides(data, ROTA, CONTACTS, ALL)) == 1


labels = st.text(st.sampled_from("aZé,;:\\\"' -=|ß本"), min_size=1, max_size=90).filter(
    lambda text: text.strip() == text
)


@given(labels, labels)
def test_any_label_comes_back_from_a_calendar(person: str, label: str) -> None:
    rota = Rota(layers=(weekly(person, label=label), weekly(person, label="other layer")))
    found = shifts(rota, TimeSpan(at(MONDAY, 9), at(MONDAY, 10)))
    back = read_overrides(as_calendar(found, STAMP), rota, {person}, ALL)
    assert {(one.layer, one.person) for one in back} == {(label, person), ("other layer", person)}


def test_an_unknown_contact_is_an_error_that_names_the_event_and_not_the_contact() -> None:
    said = refusal(calendar(event(*LONDON_NIGHT), event(*LONDON_NIGHT, summary="Maureen Example")))
    assert said.startswith("event 2 (27 Mar 2026 22:00): its summary is the label of no contact")
    assert "Maureen" not in said


def test_two_events_at_one_time_in_one_layer_are_refused() -> None:
    said = refusal(calendar(event(*LONDON_NIGHT), event(*LONDON_NIGHT, summary="Asha")))
    assert "event 2 (27 Mar 2026 22:00): shares time with event 1 (27 Mar 2026 22:00)" in said


def test_the_autumn_hour_that_comes_twice_may_begin_a_shift_in_utc() -> None:
    day = f"{AUTUMN[0]:%Y%m%d}"
    found = read(f"DTSTART:{day}T013000Z", "DURATION:PT1H")
    assert [ends - begins for begins, ends in found] == [timedelta(hours=1)]
