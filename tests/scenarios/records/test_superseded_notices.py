"""A notice that names the one it replaces."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.storage.feeds import add_feed
from services.storage.tables import notices
from tests.support.deployment import House, sqlite_engine
from tests.support.ledger import cases_by_entry, pairs, references, rows

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"}


def notice(name: str, day: int, **more: Any) -> dict[str, Any]:
    """A notice for the line of ENTRY, issued on a day of November."""
    return {
        "id": name,
        "cli": "01632 960123",
        "planned_migration_date": "2026-12-03",
        "issued_at": f"2026-11-{day:02}T09:00:00Z",
        **more,
    }


def live(house: House) -> set[str]:
    names = references(house, notices)
    return {names[row.pk] for row in rows(house, notices) if row.live}


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_replaced_notice_no_longer_counts_whichever_of_the_two_arrives_first(
    house: House, *, newest_first: bool
) -> None:
    both = [notice("n1", 10), notice("n2", 11, supersedes="n1", planned_migration_date="2026-12-17")]
    house.put_entries(ENTRY)
    for one in reversed(both) if newest_first else both:
        house.post_notices(one)
        house.settle()
    assert set(pairs(house)) == {("n2", "e1")}
    case = cases_by_entry(house)["e1"]
    assert (case.lines, str(case.harm_on)) == (1, "2026-12-17")


def test_a_replacement_sent_in_one_batch_without_times_of_issue_counts(house: House) -> None:
    for one in range(8):
        first, second = (notice(f"{name}{one}", 10) for name in ("old", "new"))
        del first["issued_at"], second["issued_at"]
        house.post_notices(first, second | {"supersedes": f"old{one}"})
    assert live(house) == {f"new{one}" for one in range(8)}


def test_a_notice_never_replaces_one_that_was_issued_after_it(house: House) -> None:
    house.post_notices(notice("n1", 12), notice("n2", 11, supersedes="n1"))
    assert live(house) == {"n1", "n2"}


def test_a_replaced_notice_counts_again_when_its_replacement_says_it_replaces_nothing(house: House) -> None:
    house.put_entries(ENTRY)
    house.post_notices(notice("n1", 10), notice("n2", 11, supersedes="n1", cli="01632 960999"))
    house.settle()
    assert pairs(house) == {}
    house.post_notices(notice("n2", 12, cli="01632 960999"))
    house.settle()
    assert set(pairs(house)) == {("n1", "e1")}


def test_a_replaced_notice_that_is_issued_again_later_counts_again(house: House) -> None:
    house.post_notices(notice("n1", 10), notice("n2", 11, supersedes="n1"))
    house.post_notices(notice("n1", 12))
    assert live(house) == {"n1", "n2"}


def test_a_replaced_notice_sent_again_unchanged_stays_replaced(house: House) -> None:
    house.post_notices(notice("n1", 10), notice("n2", 11, supersedes="n1"))
    house.post_notices(notice("n1", 10))
    assert live(house) == {"n2"}


def test_a_provider_cannot_replace_another_providers_notice(house: House) -> None:
    other = add_feed(house.store, "provider", "HBRT", "Harbour Telecom")
    house.post_notices(notice("n1", 10))
    house.post_notices(notice("n2", 11, supersedes="n1"), feed=other)
    assert live(house) == {"n1", "n2"}


@pytest.mark.parametrize("days", [(10, 10), (10, 11), (11, 10)])
def test_two_notices_that_name_each_other_never_both_fall_away(house: House, days: tuple[int, int]) -> None:
    house.put_entries(ENTRY)
    house.post_notices(notice("n1", days[0], supersedes="n2"), notice("n2", days[1], supersedes="n1"))
    house.settle()
    assert len(live(house)) == 1
    assert len(pairs(house)) == 1


def test_a_notice_that_names_itself_stands(house: House) -> None:
    house.post_notices(notice("n1", 10, supersedes="n1"))
    assert live(house) == {"n1"}


def test_a_chain_leaves_its_last_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    chain = [notice("n1", 10), notice("n2", 11, supersedes="n1"), notice("n3", 12, supersedes="n2")]
    for number, order in enumerate(permutations(chain)):
        folder = tmp_path / str(number)
        folder.mkdir()
        engine = sqlite_engine(folder)
        house = House(engine)
        for one in order:
            house.post_notices(one)
        assert live(house) == {"n3"}
        engine.dispose()


def test_a_circle_of_three_at_one_moment_leaves_somebody(house: House) -> None:
    house.post_notices(
        notice("n1", 10, supersedes="n3"), notice("n2", 10, supersedes="n1"), notice("n3", 10, supersedes="n2")
    )
    assert live(house)


def test_a_notice_dated_tomorrow_by_a_slip_is_replaced_by_one_of_today(house: House) -> None:
    house.post_notices(notice("n1", 24))
    house.post_notices(notice("n2", 23, supersedes="n1", planned_migration_date="2026-12-17"))
    assert live(house) == {"n2"}
