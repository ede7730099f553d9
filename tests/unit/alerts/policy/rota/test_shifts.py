from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.policy.rota.rota_settings import WEEKDAYS, DutyHours, Rota, RotaLayer, RotaOverride
from services.alerts.policy.rota.shifts import next_shifts, on_duty, shifts
from services.alerts.policy.rota.spans import TimeSpan
from services.core.clock import LONDON
from services.core.days.council_days import london_time
from tests.unit.alerts.policy.rota.rotas import AUTUMN, MONDAY, PEOPLE, SPRING, TWO_YEARS, at, near, rotas, weekly

MINUTE, HOUR, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=7)
ALL = TimeSpan(*TWO_YEARS)


def people(rota: Rota, moment: datetime) -> list[str]:
    return [shift.person for shift in on_duty(rota, moment)]


def expected(layer: RotaLayer, moment: datetime) -> str | None:
    # This slow rule looks at every handover since the start of the layer.
    week, person = 0, None
    while london_time(layer.starts_on + week * WEEK, layer.handover) <= moment:
        person = layer.people[week % len(layer.people)]
        week += 1
    over = layer.ends_on is not None and moment >= london_time(layer.ends_on, layer.handover)
    return None if over or not _in_hours(layer.hours, moment) else person


def _in_hours(hours: DutyHours | None, moment: datetime) -> bool:
    if hours is None:
        return True
    today = moment.astimezone(LONDON).date()
    for day in (today - timedelta(days=1), today):
        after = timedelta(days=hours.ends <= hours.begins)
        begins, ends = london_time(day, hours.begins), london_time(day + after, hours.ends)
        if begins <= moment < ends and WEEKDAYS[day.weekday()] in hours.weekdays:
            return True
    return False


def test_two_years_minute_by_minute_have_one_person_each() -> None:
    rota = Rota(layers=(weekly(),))
    found = iter(shifts(rota, ALL))
    shift, moment = next(found), ALL.start
    # The local time without a zone, as a person reads the rota.
    first = datetime.combine(MONDAY, time(9))
    while moment < ALL.end:
        if moment == shift.span.end:
            shift = next(found)
        assert shift.span.start <= moment < shift.span.end
        if moment.minute == 0:
            wall = moment.astimezone(LONDON).replace(tzinfo=None)
            assert shift.person == PEOPLE[(wall - first) // WEEK % 3]
        moment += MINUTE
    assert next(found, None) is None


@pytest.mark.parametrize("handover", [time(0), time(0, 59), time(1), time(1, 30), time(2), time(9), time(23, 59)])
def test_whatever_the_handover_no_moment_of_two_years_is_lost_or_given_twice(handover: time) -> None:
    rota = Rota(layers=(weekly(handover=handover),))
    found = shifts(rota, ALL)
    assert found[0].span.start <= ALL.start + timedelta(hours=15)
    assert found[-1].span.end >= ALL.end
    assert all(one.span.end == other.span.start for one, other in pairwise(found))
    assert all(one.person != other.person for one, other in pairwise(found))


@pytest.mark.parametrize("handover", [time(1), time(1, 30), time(1, 59)])
def test_a_handover_at_a_time_that_the_clocks_skip_or_repeat_happens_once(handover: time) -> None:
    for sunday, moment in ((SPRING[0], at(SPRING[0], 2)), (AUTUMN[0], london_time(AUTUMN[0], handover))):
        layer = RotaLayer(label="first", tier="duty", people=PEOPLE, starts_on=sunday - 7 * WEEK, handover=handover)
        rota = Rota(layers=(layer,))
        around = [shift.span.end for shift in shifts(rota, TimeSpan(moment - HOUR, moment))]
        assert around == [moment]
        assert people(rota, moment - MINUTE) != people(rota, moment)


def test_a_shift_over_a_clock_change_has_23_or_25_hours() -> None:
    layer = weekly("Asha").model_copy(update={"hours": DutyHours(begins=time(9), ends=time(9))})
    lengths = {
        shift.span.start.astimezone(LONDON).date() + timedelta(days=1): (shift.span.end - shift.span.start) // HOUR
        for shift in shifts(Rota(layers=(layer,)), ALL)
    }
    assert {day for day, length in lengths.items() if length == 23} == set(SPRING)
    assert {day for day, length in lengths.items() if length == 25} == set(AUTUMN)
    assert set(lengths.values()) == {23, 24, 25}


def test_nights_and_days_of_two_layers_share_no_minute_in_two_years() -> None:
    night = weekly("Asha").model_copy(update={"hours": DutyHours(begins=time(17, 30), ends=time(1, 30))})
    day = weekly("Ben", label="day").model_copy(update={"hours": DutyHours(begins=time(1, 30), ends=time(17, 30))})
    found = shifts(Rota(layers=(night, day)), ALL)
    assert all(one.span.end == other.span.start for one, other in pairwise(found))


def test_an_override_takes_its_time_and_gives_it_back() -> None:
    taken = RotaOverride.model_validate(
        {"layer": "first", "person": "Jo", "begins": "2026-03-28T21:00", "ends": "2026-03-29T09:00"}
    )
    rota = Rota(layers=(weekly("Asha"),), overrides=(taken,))
    assert people(rota, at(SPRING[0], 8, 59)) == ["Jo"]
    assert people(rota, at(SPRING[0], 9)) == ["Asha"]
    assert people(rota, taken.begins - MINUTE) == ["Asha"]
    assert taken.ends - taken.begins == 11 * HOUR
    (before,) = on_duty(rota, taken.begins - MINUTE)
    assert before.span.end == taken.begins


def test_the_later_of_two_overrides_counts_and_one_may_fill_a_vacant_week() -> None:
    def override(person: str, first: int, last: int) -> RotaOverride:
        return RotaOverride(layer="first", person=person, begins=at(MONDAY, first), ends=at(MONDAY, last))

    layers = (weekly(None, "Asha"),)
    rota = Rota(layers=layers, overrides=(override("Ben", 10, 14), override("Chidi", 12, 13)))
    assert [people(rota, at(MONDAY, hour)) for hour in (9, 10, 12, 13, 14)] == [[], ["Ben"], ["Chidi"], ["Ben"], []]


def test_a_contact_in_two_layers_is_on_duty_once() -> None:
    rota = Rota(layers=(weekly("Asha"), weekly("Asha", label="second"), weekly("Ben", label="third")))
    assert people(rota, at(MONDAY, 12)) == ["Asha", "Ben"]


def test_the_next_shift_of_each_layer_is_named() -> None:
    rota = Rota(layers=(weekly(), weekly("Jo", label="second", tier="manager", handover=time(12))))
    found = next_shifts(rota, at(MONDAY, 10), at(MONDAY + 3 * WEEK))
    assert [(one.layer, one.person, one.span.start) for one in found] == [
        ("second", "Jo", at(MONDAY, 12)),
        ("first", "Ben", at(MONDAY + WEEK, 9)),
    ]


@settings(max_examples=60)
@given(rotas, near, st.integers(1, 40))
def test_layers_with_hours_and_overrides_give_each_moment_to_who_has_it(rota: Rota, start: datetime, days: int) -> None:
    within = TimeSpan(start, start + timedelta(days=days))
    found = shifts(rota, within)
    for layer in rota.layers:
        own = [shift for shift in found if shift.layer == layer.label]
        assert all(one.span.end <= other.span.start for one, other in pairwise(own))
        edges = {start, within.end - MINUTE}
        edges |= {
            edge for one in own for edge in (one.span.start, one.span.end - timedelta(microseconds=1), one.span.end)
        }
        for moment in sorted(edge for edge in edges if within.start <= edge < within.end)[:40]:
            here = [one.person for one in own if one.span.start <= moment < one.span.end]
            taken = [o.person for o in rota.overrides if o.layer == layer.label and o.begins <= moment < o.ends]
            person = taken[-1] if taken else expected(layer, moment)
            assert here == ([] if person is None else [person])


@settings(max_examples=60)
@given(rotas, near)
def test_the_ends_of_a_shift_do_not_depend_on_what_is_asked(rota: Rota, moment: datetime) -> None:
    wide = shifts(rota, TimeSpan(moment - timedelta(days=30), moment + timedelta(days=30)))
    for shift in on_duty(rota, moment):
        assert shift in wide


def test_a_local_time_never_runs_backwards() -> None:
    for day in (*SPRING, *AUTUMN):
        minutes = [london_time(day, time(minute // 60, minute % 60)) for minute in range(24 * 60)]
        assert minutes == sorted(minutes)
    assert london_time(SPRING[0], time(1, 30)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
