from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.storage.feeds import add_feed
from services.storage.tables import notices
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.ledger import cases_by_entry, pairs, references, rows

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"}


def notice_of(name: str, day: int, **more: Any) -> dict[str, Any]:
    # The notice was issued on this day of November.
    return {
        "id": name,
        "cli": "01632 960123",
        "planned_migration_date": "2026-12-03",
        "issued_at": f"2026-11-{day:02}T09:00:00Z",
        **more,
    }


def live(deployment: Deployment) -> set[str]:
    names = references(deployment, notices)
    return {names[row.pk] for row in rows(deployment, notices) if row.live}


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_replaced_notice_no_longer_counts_whichever_of_the_two_arrives_first(
    deployment: Deployment, *, newest_first: bool
) -> None:
    both = [notice_of("n1", 10), notice_of("n2", 11, supersedes="n1", planned_migration_date="2026-12-17")]
    deployment.put_entries(ENTRY)
    for one in reversed(both) if newest_first else both:
        deployment.post_notices(one)
        deployment.settle()
    assert set(pairs(deployment)) == {("n2", "e1")}
    case = cases_by_entry(deployment)["e1"]
    assert (case.lines, str(case.harm_on)) == (1, "2026-12-17")


def test_a_replacement_sent_in_one_batch_without_times_of_issue_counts(deployment: Deployment) -> None:
    for one in range(8):
        first, second = (notice_of(f"{name}{one}", 10) for name in ("old", "new"))
        del first["issued_at"], second["issued_at"]
        deployment.post_notices(first, second | {"supersedes": f"old{one}"})
    assert live(deployment) == {f"new{one}" for one in range(8)}


def test_a_notice_never_replaces_one_that_was_issued_after_it(deployment: Deployment) -> None:
    deployment.post_notices(notice_of("n1", 12), notice_of("n2", 11, supersedes="n1"))
    assert live(deployment) == {"n1", "n2"}


def test_a_replaced_notice_counts_again_when_its_replacement_says_it_replaces_nothing(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice_of("n1", 10), notice_of("n2", 11, supersedes="n1", cli="01632 960999"))
    deployment.settle()
    assert pairs(deployment) == {}
    deployment.post_notices(notice_of("n2", 12, cli="01632 960999"))
    deployment.settle()
    assert set(pairs(deployment)) == {("n1", "e1")}


def test_a_replaced_notice_that_is_issued_again_later_counts_again(deployment: Deployment) -> None:
    deployment.post_notices(notice_of("n1", 10), notice_of("n2", 11, supersedes="n1"))
    deployment.post_notices(notice_of("n1", 12))
    assert live(deployment) == {"n1", "n2"}


def test_a_replaced_notice_sent_again_unchanged_stays_replaced(deployment: Deployment) -> None:
    deployment.post_notices(notice_of("n1", 10), notice_of("n2", 11, supersedes="n1"))
    deployment.post_notices(notice_of("n1", 10))
    assert live(deployment) == {"n2"}


def test_a_provider_cannot_replace_another_providers_notice(deployment: Deployment) -> None:
    other = add_feed(deployment.store, "provider", "HBRT", "Harbour Telecom")
    deployment.post_notices(notice_of("n1", 10))
    deployment.post_notices(notice_of("n2", 11, supersedes="n1"), feed=other)
    assert live(deployment) == {"n1", "n2"}


@pytest.mark.parametrize("days", [(10, 10), (10, 11), (11, 10)])
def test_two_notices_that_name_each_other_never_both_fall_away(deployment: Deployment, days: tuple[int, int]) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice_of("n1", days[0], supersedes="n2"), notice_of("n2", days[1], supersedes="n1"))
    deployment.settle()
    assert len(live(deployment)) == 1
    assert len(pairs(deployment)) == 1


def test_a_notice_that_names_itself_stands(deployment: Deployment) -> None:
    deployment.post_notices(notice_of("n1", 10, supersedes="n1"))
    assert live(deployment) == {"n1"}


def test_a_chain_leaves_its_last_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    chain = [notice_of("n1", 10), notice_of("n2", 11, supersedes="n1"), notice_of("n3", 12, supersedes="n2")]
    for number, order in enumerate(permutations(chain)):
        folder = tmp_path / str(number)
        folder.mkdir()
        engine = sqlite_engine(folder)
        deployment = Deployment(engine)
        for one in order:
            deployment.post_notices(one)
        assert live(deployment) == {"n3"}
        engine.dispose()


def test_a_circle_of_three_at_one_moment_leaves_somebody(deployment: Deployment) -> None:
    deployment.post_notices(
        notice_of("n1", 10, supersedes="n3"), notice_of("n2", 10, supersedes="n1"), notice_of("n3", 10, supersedes="n2")
    )
    assert live(deployment)


def test_a_notice_dated_tomorrow_by_a_slip_is_replaced_by_one_of_today(deployment: Deployment) -> None:
    deployment.post_notices(notice_of("n1", 24))
    deployment.post_notices(notice_of("n2", 23, supersedes="n1", planned_migration_date="2026-12-17"))
    assert live(deployment) == {"n2"}
