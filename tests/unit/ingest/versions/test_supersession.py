from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.ingest.reading.stamps import SLACK
from services.ingest.recording.rules.supersession_rule import IssuedNotice, replaces
from services.storage.tables import notices
from tests.support.deployment import Deployment

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def issued(
    at: datetime, *, key: bytes = b"a", width: timedelta = timedelta(), replaces_another: bool = False
) -> IssuedNotice:
    return IssuedNotice(at, at, at + width, key, replaces_another)


def test_the_later_of_two_replaces_the_earlier_also_where_that_replaces_another() -> None:
    for other in (False, True):
        assert replaces(issued(NOW), issued(NOW - HOUR, replaces_another=other), NOW)


def test_one_that_was_surely_issued_before_replaces_nothing() -> None:
    assert not replaces(issued(NOW - HOUR), issued(NOW), NOW)
    assert not replaces(issued(NOW - 2 * HOUR, width=HOUR / 2), issued(NOW), NOW)


def test_where_nothing_says_which_came_first_the_one_that_names_the_other_replaces_it() -> None:
    assert replaces(issued(NOW - HOUR, width=2 * HOUR), issued(NOW), NOW)
    assert replaces(issued(NOW), issued(NOW), NOW)


@pytest.mark.parametrize("width", [timedelta(), 2 * HOUR])
def test_of_two_that_name_each_other_one_stays(width: timedelta) -> None:
    one = issued(NOW, key=b"a", width=width, replaces_another=True)
    other = issued(NOW, key=b"b", width=width, replaces_another=True)
    assert [replaces(one, other, NOW), replaces(other, one, NOW)] == [False, True]


def test_a_notice_that_names_itself_replaces_nothing() -> None:
    one = issued(NOW, replaces_another=True)
    assert not replaces(one, one, NOW)


def test_a_time_of_issue_that_is_still_to_come_puts_no_notice_after_its_replacement() -> None:
    ahead = issued(NOW + 20 * HOUR)
    assert replaces(issued(NOW), ahead, NOW + SLACK)
    assert replaces(ahead, issued(NOW), NOW + SLACK)


def a_notice(noise: random.Random, number: int) -> dict[str, Any]:
    day = noise.choice(["2026-11-20", "2026-11-21", "2026-11-22"])
    stamp = noise.choice([None, day, f"{day}T09:00:00Z", f"{day}T15:00:00Z"])
    other = noise.choice([None, *[f"n{other}" for other in range(6) if other != number]])
    named = {"issued_at": stamp} if stamp else {}
    replaced = {"supersedes": other} if other else {}
    return {
        "id": f"n{number}",
        "cli": f"0163296000{number}",
        "planned_migration_date": "2026-12-03",
        **named,
        **replaced,
    }


@pytest.mark.parametrize("seed", range(25))
def test_the_record_says_what_the_rule_says_in_whatever_order_notices_come(deployment: Deployment, seed: int) -> None:
    noise = random.Random(seed)
    posted = [a_notice(noise, number) for number in range(6)]
    noise.shuffle(posted)
    for one in posted:
        deployment.post_notices(one)
        deployment.clock.advance(minutes=1)
    with deployment.store.reading() as connection:
        rows = connection.execute(select(notices)).all()
    believed = deployment.store.now() + SLACK
    assert {row.record_key: bool(row.live) for row in rows} == {
        row.record_key: not any(
            replaces(read(other), read(row), believed) for other in rows if other.supersedes_key == row.record_key
        )
        for row in rows
    }


def read(row: Any) -> IssuedNotice:
    return IssuedNotice(
        row.issued_at, row.stamp_from, row.stamp_until, bytes(row.record_key), row.supersedes_key is not None
    )
