from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.ways_in import WAYS, Way, case_file, days_on_record, numbers_on_record, way_of

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
JUNE, JANUARY = "2027-06-01", "2027-01-11"
MORNING, AFTERNOON = case_file("44a"), case_file("44b")


def issued(data: bytes, day: bytes) -> bytes:
    return data.replace(b"20/11/2026", day)


def codes(way: Way, kind: str, data: bytes) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in way.send(kind, data):
        found.setdefault(one.code, []).append(one.row)
    return found


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    def opened(name: str) -> Any:
        found = request.getfixturevalue(name)
        (found if name == "desk" else found.deployment).clock.set(NOW)
        return found

    return way_of(request.param, lambda: opened("desk"), lambda: opened("api"))


def test_44a_and_44b_all_six_notices_move_to_11_january_and_none_is_stale(way: Way) -> None:
    assert codes(way, "notices", MORNING) == {}
    assert codes(way, "notices", AFTERNOON) == {"same_stamp_differs": [2, 3, 4, 5, 6, 7]}
    assert days_on_record(way) == [(JANUARY, JUNE)] * 6


def test_44c_and_44d_all_four_numbers_are_corrected_and_the_old_ones_still_found(way: Way) -> None:
    assert codes(way, "register", case_file("44c")) == {}
    assert codes(way, "register", case_file("44d")) == {"same_stamp_differs": [2, 3, 4, 5]}
    assert numbers_on_record(way) == [(f"+44163296056{one}", 2) for one in range(6, 10)]


def test_44e_and_44f_the_notice_issued_today_wins_over_the_one_without_a_date_of_issue(way: Way) -> None:
    assert codes(way, "notices", case_file("44e")) == {}
    assert codes(way, "notices", case_file("44f")) == {"same_stamp_differs": [2]}
    assert days_on_record(way) == [(JANUARY, JUNE)]


def test_lines_put_off_the_same_day_are_remembered_by_the_earlier_date(way: Way) -> None:
    way.send("notices", AFTERNOON)
    way.send("notices", MORNING)
    assert days_on_record(way) == [(JUNE, JANUARY)] * 6


def test_the_same_file_again_changes_nothing(way: Way) -> None:
    way.send("notices", MORNING)
    way.send("notices", AFTERNOON)
    before = days_on_record(way)
    assert codes(way, "notices", AFTERNOON) == {}
    assert days_on_record(way) == before


def test_a_later_date_of_issue_settles_it_also_with_the_same_words(way: Way) -> None:
    way.send("notices", MORNING)
    way.send("notices", AFTERNOON)
    way.send("notices", issued(AFTERNOON, b"21/11/2026"))
    assert days_on_record(way) == [(JANUARY, "None")] * 6


def test_an_earlier_file_is_not_used_and_every_row_of_it_is_named(way: Way) -> None:
    way.send("notices", AFTERNOON)
    assert codes(way, "notices", issued(MORNING, b"19/11/2026")) == {"stale": [2, 3, 4, 5, 6, 7]}
    assert days_on_record(way) == [(JANUARY, "None")] * 6


def test_a_year_typed_wrongly_is_refused_by_row_and_bars_no_correction(way: Way) -> None:
    wrong = MORNING + b"RT-56,01632 960466,01/06/2027,20/11/2062,Planned\n"
    assert codes(way, "notices", wrong) == {"implausible_date": [8], "in_the_future": [8]}
    assert codes(way, "notices", AFTERNOON + b"RT-56,01632 960466,11/01/2027,20/11/2026,Planned\n") == {
        "same_stamp_differs": [2, 3, 4, 5, 6, 7]
    }
    assert days_on_record(way)[-1] == (JANUARY, "None")


def test_a_version_dated_tomorrow_bars_no_correction_of_today(way: Way) -> None:
    way.send("notices", issued(MORNING, b"30/11/2026"))
    assert codes(way, "notices", issued(AFTERNOON, b"29/11/2026")) == {"same_stamp_differs": [2, 3, 4, 5, 6, 7]}
    assert days_on_record(way) == [(JANUARY, JUNE)] * 6
