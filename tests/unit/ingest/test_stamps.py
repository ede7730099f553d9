from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.ingest.reading.stamps import (
    SLACK,
    Stamp,
    exact,
    in_words,
    of_the_day,
    read_stamp,
    tells_more,
    trusted,
    unknown,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TODAY = of_the_day(date(2026, 11, 28))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def sent(text: str) -> Stamp:
    return read_stamp(at(text), NOW, typed=False)


def typed(text: str) -> Stamp:
    return read_stamp(at(text), NOW, typed=True)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (sent("2026-11-28T10:00:00Z"), sent("2026-11-28T10:00:01Z")),
        (sent("2026-11-28T10:00:00.1Z"), sent("2026-11-28T10:00:00.2Z")),
        (typed("2026-11-28T10:00Z"), typed("2026-11-28T10:01Z")),
        (of_the_day(date(2026, 11, 27)), TODAY),
        (of_the_day(date(2026, 11, 27)), sent("2026-11-28T00:00:01Z")),
    ],
)
def test_what_cannot_be_later_is_earlier(earlier: Stamp, later: Stamp) -> None:
    assert earlier.before(later)
    assert not later.before(earlier)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sent("2026-11-28T10:00:00Z"), sent("2026-11-28T10:00:00Z")),
        (sent("2026-11-28T10:00:00Z"), sent("2026-11-28T10:00:00.5Z")),
        (TODAY, TODAY),
        (TODAY, sent("2026-11-28T23:59:59Z")),
        (sent("2026-11-28T00:00:00Z"), sent("2026-11-28T18:00:00Z")),
        (typed("2026-11-28T10:00Z"), sent("2026-11-28T10:00:59Z")),
        (unknown(NOW), TODAY),
        (unknown(NOW), unknown(NOW + timedelta(days=9))),
    ],
)
def test_stamps_that_may_mean_the_same_moment_tie(one: Stamp, other: Stamp) -> None:
    assert not one.before(other)
    assert not other.before(one)


@pytest.mark.parametrize("midnight", ["2026-06-01T00:00:00Z", "2026-06-01T00:00:00+01:00"])
def test_midnight_in_utc_or_in_london_is_a_date_alone(midnight: str) -> None:
    stamp = sent(midnight)
    assert (stamp.earliest, stamp.latest) == of_the_day(date(2026, 6, 1))[1:]
    assert in_words(stamp) == "1 June 2026"


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_the_day_on_which_the_clocks_change_is_as_long_as_it_is(day: date, hours: int) -> None:
    assert of_the_day(day).width == timedelta(hours=hours, microseconds=-1)
    assert in_words(of_the_day(day)) == f"{day.day} {day:%B %Y}"


def test_a_version_without_a_stamp_was_issued_before_what_is_issued_after_its_receipt() -> None:
    assert unknown(NOW).followed_by(exact(NOW + timedelta(seconds=1)))
    assert not unknown(NOW).followed_by(TODAY)


@pytest.mark.parametrize(
    "ahead",
    [
        exact(NOW + SLACK + timedelta(seconds=1)),
        of_the_day(date(2026, 11, 29)),
        exact(NOW + timedelta(days=13_000)),
        unknown(NOW + timedelta(days=13_000)),
    ],
)
def test_a_stamp_on_record_that_is_still_to_come_decides_nothing(ahead: Stamp) -> None:
    counts = trusted(ahead, NOW)
    assert counts.is_open
    assert not exact(NOW).before(counts)
    assert counts.followed_by(unknown(NOW))


@pytest.mark.parametrize("recorded", [exact(NOW), exact(NOW + SLACK), TODAY, unknown(NOW)])
def test_a_stamp_that_may_be_true_counts_as_it_is(recorded: Stamp) -> None:
    assert trusted(recorded, NOW) == recorded


def test_the_same_content_moves_the_stamp_if_it_is_later_or_more_exact() -> None:
    ten = sent("2026-11-28T10:00:00Z")
    assert tells_more(ten, TODAY)
    assert not tells_more(TODAY, ten)
    assert not tells_more(unknown(NOW), ten)
    assert tells_more(unknown(NOW + timedelta(days=1)), unknown(NOW))
    assert not tells_more(ten, ten)


def test_a_time_is_said_in_uk_time_as_exactly_as_it_was_given() -> None:
    assert in_words(sent("2026-07-01T10:00:00Z")) == "1 July 2026 at 11:00"
    assert in_words(sent("2026-11-28T10:00:05Z")) == "28 November 2026 at 10:00:05"
    assert in_words(sent("2026-11-28T10:00:05.25Z")) == "28 November 2026 at 10:00:05.25"
