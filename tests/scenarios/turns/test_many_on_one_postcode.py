from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete

from services.ingest.recording.withdrawals import withdraw_one
from services.matcher import turns
from services.matcher.pages import PAGE, PagedSide
from services.matcher.store.progress import count_waiting
from services.runtime.maintenance.rebuild import rebuild
from services.storage.feeds import add_feed
from services.storage.tables import outbox, unfinished_matching
from tests.scenarios.turns.postcodes import WYRE, home, line
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, count, pairs, rows


def lines(deployment: Deployment, count: int = 45, **more: Any) -> None:
    # Later days come first, so that the order of arrival is not the order of the days.
    deployment.post_notices(*(line(number, **more) for number in reversed(range(count))))
    deployment.settle()


def homes(deployment: Deployment, count: int = 45) -> None:
    deployment.put_entries(*(home(number) for number in range(count)))
    deployment.settle()


def turn(deployment: Deployment) -> int:
    """Handle one batch of events. Return the number of matches so far."""
    deployment.event_dispatcher.run_once()
    return len(deployment.matches())


@pytest.fixture
def _small_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PAGE", 10)


@pytest.mark.usefixtures("_small_turns")
class TestOneEntry:
    def test_nobody_is_left_out_and_the_nearest_harm_comes_first(self, deployment: Deployment) -> None:
        lines(deployment)
        deployment.put_entries(home(1))
        found: list[int] = []
        days = []
        while not found or len(found) < 20:
            found.append(turn(deployment))
            days.append({int(notice[1:]) for notice, _ in pairs(deployment)})
        assert max(after - before for before, after in pairwise([0, *found])) == 10
        assert (found[-1], count(deployment, unfinished_matching)) == (45, 0)
        assert all(sorted(known) == list(range(len(known))) for known in days)
        assert cases_by_entry(deployment)["e1"].lines == 45

    @pytest.mark.parametrize(
        "more",
        [
            {"cli": "01632 960123"},
            {"uprn": "100012345678"},
            {"address_lines": ["1 High Street"]},
            {"address_lines": ["9 Mill Lane"], "uprn": "100012345678"},
        ],
        ids=["number", "uprn", "address", "uprn-at-another-address"],
    )
    def test_what_is_sure_waits_for_no_turn_though_its_day_is_the_last(
        self, deployment: Deployment, more: dict[str, Any]
    ) -> None:
        # Any of these may be the line of any home in the street.
        lines(deployment, cli="", address_lines=["High Street"])
        deployment.post_notices(line(300, **more))
        deployment.settle()
        deployment.put_entries(home(1, cli="01632 960123", uprn="100012345678"))
        turn(deployment)
        assert ("n300", "e1") in pairs(deployment)
        assert count(deployment, unfinished_matching) == 1
        deployment.settle()
        assert len(pairs(deployment)) == 46

    def test_a_notice_without_a_day_comes_last(self, deployment: Deployment) -> None:
        deployment.post_notices(line(100, planned_migration_date=None))
        lines(deployment, 25)
        deployment.put_entries(home(1))
        while turn(deployment) < 25:
            assert ("n100", "e1") not in pairs(deployment)
        deployment.settle()
        assert ("n100", "e1") in pairs(deployment)

    @pytest.mark.parametrize("change", ["moves", "leaves"])
    def test_an_entry_that_moves_or_leaves_in_the_middle_keeps_no_match(
        self, deployment: Deployment, change: str
    ) -> None:
        lines(deployment)
        deployment.put_entries(home(1))
        assert turn(deployment) == 10
        if change == "moves":
            deployment.put_entries(home(1, postcode="FY4 1AB", updated_at="2026-11-02T09:00:00Z"))
        else:
            withdraw_one(deployment.store, BLACKPOOL, "e1")
        deployment.settle()
        assert (pairs(deployment), count(deployment, unfinished_matching)) == ({}, 0)

    def test_more_matches_than_one_turn_handles_end_in_turns(self, deployment: Deployment) -> None:
        lines(deployment)
        deployment.put_entries(home(1))
        deployment.settle()
        withdraw_one(deployment.store, BLACKPOOL, "e1")
        found = [turn(deployment) for _ in range(20)]
        assert max(before - after for before, after in pairwise([45, *found])) == 10
        assert (found[-1], count(deployment, unfinished_matching)) == (0, 0)
        assert cases_by_entry(deployment)["e1"].state == "service_ended"

    def test_the_council_and_the_operator_see_what_is_unfinished(self, deployment: Deployment) -> None:
        lines(deployment)
        deployment.put_entries(home(1), home(2))
        turn(deployment)
        with deployment.store.reading() as connection:
            waiting = [count_waiting(connection, feed, 100) for feed in (BLACKPOOL, WYRE)]
        assert waiting == [2, 0]
        assert {(row.side, row.feed_id) for row in rows(deployment, unfinished_matching)} == {
            (PagedSide.ENTRY, BLACKPOOL)
        }


@pytest.mark.usefixtures("_small_turns")
class TestOneNotice:
    def test_nobody_is_left_out(self, deployment: Deployment) -> None:
        homes(deployment)
        deployment.post_notices(line(1))
        found = [turn(deployment) for _ in range(20)]
        assert max(after - before for before, after in pairwise([0, *found])) == 10
        assert (found[-1], count(deployment, unfinished_matching)) == (45, 0)
        assert len(deployment.cases()) == 45

    @pytest.mark.parametrize("more", [{"cli": "01632 960123"}, {"uprn": "100012345678"}, {}], ids=["cli", "uprn", "at"])
    def test_what_is_sure_waits_for_no_turn(self, deployment: Deployment, more: dict[str, Any]) -> None:
        homes(deployment)
        deployment.put_entries(home(900, **more))
        deployment.settle()
        same = more or {"address_lines": ["900 High Street"]}
        deployment.post_notices(line(1, **same))
        turn(deployment)
        assert ("n1", "e900") in pairs(deployment)

    def test_another_council_s_line_has_its_turn_meanwhile(self, deployment: Deployment) -> None:
        add_feed(deployment.store, "council", "E07000128", "Wyre")
        homes(deployment)
        deployment.put_entries(home(900, postcode="PR3 1AB", cli="01632 960900"), feed=WYRE)
        deployment.settle()
        deployment.post_notices(line(1))
        turn(deployment)
        deployment.post_notices(line(2, cli="01632 960900", postcode="PR3 1AB"))
        while ("n2", "e900") not in pairs(deployment):
            turn(deployment)
        assert count(deployment, unfinished_matching) == 1

    def test_a_rebuild_gives_it_its_turns_again(self, deployment: Deployment) -> None:
        homes(deployment)
        deployment.post_notices(line(1))
        turn(deployment)
        with deployment.store.writing() as connection:
            connection.execute(delete(outbox).where(outbox.c.published_at.is_(None)))
        deployment.settle()
        assert count(deployment, unfinished_matching) == 1
        assert sum(rebuild(deployment.store, deployment.consumers)) > 0
        deployment.settle()
        assert (len(deployment.cases()), count(deployment, unfinished_matching)) == (45, 0)


def test_the_records_of_a_batch_share_a_limit_and_those_with_few_matches_come_first(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PAGE", 20)
    monkeypatch.setattr(turns, "BATCH", 40)
    lines(deployment, 15)
    deployment.post_notices(line(99, postcode="FY4 1AB"))
    deployment.settle()
    deployment.put_entries(*(home(number) for number in range(8)), home(50, postcode="FY4 1AB"))
    assert 0 < turn(deployment) <= 40 + 20
    assert ("n99", "e50") in pairs(deployment)
    deployment.settle()
    assert (len(pairs(deployment)), count(deployment, unfinished_matching)) == (8 * 15 + 1, 0)


def test_two_thousand_matches_by_postcode_are_one_turn_and_one_more_is_another(deployment: Deployment) -> None:
    deployment.post_notices(*(line(number, planned_migration_date="2026-12-10") for number in range(PAGE)))
    deployment.settle()
    deployment.put_entries(home(1))
    assert (turn(deployment), count(deployment, unfinished_matching)) == (PAGE, 0)
    deployment.settle()
    deployment.post_notices(line(PAGE))
    deployment.settle()
    deployment.put_entries(home(2))
    assert (turn(deployment), count(deployment, unfinished_matching)) == (2 * PAGE + 1, 1)
    deployment.settle()
    assert (len(deployment.matches()), count(deployment, unfinished_matching)) == (2 * PAGE + 2, 0)
