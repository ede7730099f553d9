from __future__ import annotations

from datetime import date

import pytest

from services.core.days.working_days import Nation, add_working_days, is_working_day

FRIDAY = date(2026, 9, 4)
MONDAY = date(2026, 9, 7)


@pytest.mark.parametrize("nation", list(Nation))
def test_weekends_are_no_working_days_anywhere(nation: Nation) -> None:
    assert is_working_day(FRIDAY, nation)
    assert not is_working_day(date(2026, 9, 5), nation)
    assert not is_working_day(date(2026, 9, 6), nation)


@pytest.mark.parametrize(
    ("holiday", "nations"),
    [
        (date(2026, 4, 6), {Nation.ENGLAND, Nation.WALES, Nation.NORTHERN_IRELAND}),
        (date(2026, 1, 2), {Nation.SCOTLAND}),
        (date(2026, 8, 3), {Nation.SCOTLAND}),
        (date(2026, 11, 30), {Nation.SCOTLAND}),
        (date(2026, 3, 17), {Nation.NORTHERN_IRELAND}),
        (date(2026, 7, 13), {Nation.NORTHERN_IRELAND}),
        (date(2026, 12, 28), set(Nation)),
    ],
)
def test_bank_holidays_are_those_of_the_nation_with_their_substitute_days(holiday: date, nations: set[Nation]) -> None:
    assert {nation for nation in Nation if not is_working_day(holiday, nation)} == nations


def test_working_days_are_counted_over_weekends_and_christmas() -> None:
    assert add_working_days(FRIDAY, 1, Nation.ENGLAND) == MONDAY
    assert add_working_days(date(2026, 12, 24), 1, Nation.ENGLAND) == date(2026, 12, 29)
    assert add_working_days(date(2026, 12, 31), 1, Nation.SCOTLAND) == date(2027, 1, 5)


def test_working_days_are_counted_backwards_and_none_leaves_the_day() -> None:
    assert add_working_days(MONDAY, -1, Nation.WALES) == FRIDAY
    assert add_working_days(date(2026, 9, 5), 0, Nation.WALES) == date(2026, 9, 5)
