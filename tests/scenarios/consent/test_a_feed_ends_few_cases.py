from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.alerts.policy.policy import CouncilPolicy
from services.ingest.recording.replacement import Replacement
from services.storage.feeds import add_feed
from services.storage.tables import cases
from tests.scenarios.consent.many_lines import (
    LIMIT,
    SIXTY,
    day,
    ended,
    entry,
    notice,
    open_cases,
    touched,
    waiting,
    with_lines,
    withdrawn,
)
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.ledger import cases_by_entry, count
from tests.support.one_line import TODAY
from tests.support.people import pass_post_check

Change = Callable[[Deployment, list[int]], Any]


def withdraw(deployment: Deployment, chosen: list[int]) -> Any:
    return deployment.post_notices(*map(withdrawn, chosen))


def delay(deployment: Deployment, chosen: list[int]) -> Any:
    return deployment.post_notices(*(notice(index, 2, in_days=100) for index in chosen))


def delay_a_little(deployment: Deployment, chosen: list[int]) -> Any:
    return deployment.post_notices(*(notice(index, 2, in_days=11) for index in chosen))


def renumber_notices(deployment: Deployment, chosen: list[int]) -> Any:
    return deployment.post_notices(*(notice(index, 2, cli=f"01632 961{index:03}") for index in chosen))


def end_services(deployment: Deployment, chosen: list[int]) -> Any:
    return deployment.put_entries(*(entry(index, 2, service_status="ended") for index in chosen))


def renumber_entries(deployment: Deployment, chosen: list[int]) -> Any:
    return deployment.put_entries(*(entry(index, 2, cli=f"01632 961{index:03}") for index in chosen))


def replace_register(deployment: Deployment, chosen: list[int]) -> Any:
    left = [entry(index, 2) for index in SIXTY if index not in chosen]
    return deployment.put_entries(*left, entry(99), replacement=Replacement(1.0))


CHANGES = (
    withdraw,
    delay,
    delay_a_little,
    renumber_notices,
    end_services,
    renumber_entries,
    replace_register,
)


@pytest.fixture
def sixty(deployment: Deployment) -> Deployment:
    return with_lines(deployment)


@pytest.mark.parametrize("change", CHANGES)
def test_one_body_changes_only_a_tenth_of_the_cases(sixty: Deployment, change: Change) -> None:
    change(sixty, list(SIXTY))
    sixty.tick(seconds=31)
    assert len(touched(sixty)) == LIMIT
    assert len(waiting(sixty)) == len(SIXTY) - LIMIT


@pytest.mark.parametrize("change", [withdraw, delay, end_services, renumber_entries])
def test_twelve_bodies_over_a_day_change_no_more_than_one(sixty: Deployment, change: Change) -> None:
    for start in range(0, len(SIXTY), 5):
        change(sixty, list(SIXTY[start : start + 5]))
        sixty.tick(hours=1)
    assert len(touched(sixty)) == LIMIT


def test_two_feeds_share_the_limit(sixty: Deployment) -> None:
    withdraw(sixty, list(range(4)))
    end_services(sixty, list(range(30, 34)))
    sixty.tick(seconds=31)
    assert (len(touched(sixty)), len(waiting(sixty))) == (LIMIT, 2)


def test_up_to_the_limit_nothing_waits(sixty: Deployment) -> None:
    withdraw(sixty, list(range(LIMIT)))
    sixty.tick(seconds=31)
    assert (len(ended(sixty)), waiting(sixty)) == (LIMIT, set())


def test_of_few_cases_five_may_change(deployment: Deployment) -> None:
    few = with_lines(deployment, range(8))
    withdraw(few, list(range(8)))
    few.tick(seconds=31)
    assert (len(ended(few)), len(waiting(few))) == (5, 3)


def test_a_policy_may_allow_more_or_nothing(deployment: Deployment) -> None:
    few = with_lines(deployment.with_officers(CouncilPolicy(relaxed_without_consent=0)), range(8))
    withdraw(few, list(range(8)))
    few.tick(seconds=31)
    assert (len(ended(few)), len(waiting(few))) == (0, 8)


def test_a_day_later_the_limit_is_free_again_and_what_waits_still_waits(sixty: Deployment) -> None:
    withdraw(sixty, list(range(20)))
    sixty.tick(hours=25)
    assert (len(ended(sixty)), len(waiting(sixty))) == (LIMIT, 14)
    withdraw(sixty, [30, 31])
    sixty.tick(seconds=31)
    assert ended(sixty) >= {"e30", "e31"}
    assert len(waiting(sixty)) == 14


def test_the_case_with_the_latest_harm_uses_the_limit_first(deployment: Deployment) -> None:
    deployment.put_entries(*map(entry, range(8)))
    deployment.post_notices(*(notice(index, in_days=10 + index) for index in range(8)))
    deployment.tick(seconds=31)
    withdraw(deployment, list(range(8)))
    deployment.tick(seconds=31)
    assert waiting(deployment) == {"e0", "e1", "e2"}


@pytest.mark.parametrize(
    "change", [{"status": "withdrawn"}, {"planned_migration_date": day(300)}, {"cli": "01632 961999"}]
)
def test_the_limit_holds_for_a_second_line_while_the_first_awaits_its_test_call(
    deployment: Deployment, change: dict[str, str]
) -> None:
    few = with_lines(deployment, range(8))
    few.post_notices(*(_second(index) for index in range(8)))
    few.tick(seconds=31)
    few.post_notices(*(notice(index, 2, in_days=-1, status="completed") for index in range(8)))
    few.tick(seconds=31)
    few.post_notices(*(_second(index, 2) | change for index in range(8)))
    few.tick(seconds=31)
    assert {case.state for case in few.cases()} == {"migrated_unconfirmed"}
    assert len(waiting(few)) == 3
    for index in range(8):
        pass_post_check(few, f"e{index}")
    # The cases whose changes wait still have the day of their second line.
    assert sum(case.harm_on == TODAY + timedelta(days=30) for case in open_cases(few)) == 3


def test_a_nearer_day_in_the_same_body_counts_at_once(sixty: Deployment) -> None:
    sooner = notice(59, 2, in_days=3)
    sixty.post_notices(*(withdrawn(index) for index in range(59)), sooner)
    sixty.tick(seconds=31)
    nearest = cases_by_entry(sixty)["e59"]
    assert (nearest.harm_on, nearest.changes_wait) == (TODAY + timedelta(days=3), False)


def test_a_nearer_restriction_beside_a_later_move_counts_at_once(sixty: Deployment) -> None:
    restriction = {"restriction_start_date": str(TODAY + timedelta(days=2))}
    sixty.post_notices(*(notice(index, 2, in_days=90, **restriction) for index in SIXTY))
    sixty.tick(seconds=31)
    assert {case.harm_on for case in sixty.cases()} == {TODAY + timedelta(days=2)}


def test_a_new_notice_in_the_same_body_counts_at_once(sixty: Deployment) -> None:
    sixty.put_entries(entry(70))
    sixty.post_notices(*map(withdrawn, SIXTY), notice(70))
    sixty.tick(seconds=31)
    assert cases_by_entry(sixty)["e70"].state == "open"


def test_another_council_is_not_affected(sixty: Deployment) -> None:
    other = add_feed(sixty.store, "council", "W06000015", "Cardiff")
    with_lines(sixty, range(100, 104), feed=other)
    withdraw(sixty, [*SIXTY, *range(100, 104)])
    sixty.tick(seconds=31)
    assert ended(sixty) >= {f"e{index}" for index in range(100, 104)}
    assert len(ended(sixty)) == LIMIT + 4


def test_the_old_facts_sent_again_end_the_wait(sixty: Deployment) -> None:
    withdraw(sixty, list(SIXTY))
    sixty.tick(seconds=31)
    sixty.post_notices(*(notice(index, 3) for index in SIXTY))
    sixty.tick(seconds=31)
    assert (waiting(sixty), ended(sixty)) == (set(), set())


def test_a_case_that_waits_still_hears_of_new_dangers(sixty: Deployment) -> None:
    withdraw(sixty, list(SIXTY))
    sixty.tick(seconds=31)
    name = min(waiting(sixty))
    sixty.post_notices(notice(int(name[1:]), 3, in_days=2))
    sixty.tick(seconds=31)
    case = cases_by_entry(sixty)[name]
    assert (case.harm_on, case.changes_wait) == (TODAY + timedelta(days=2), False)


@pytest.mark.parametrize("change", CHANGES)
def test_answers_and_receipts_are_the_same_as_without_a_limit(tmp_path: Path, change: Change) -> None:
    said = []
    for limit in (5, 1_000):
        folder = tmp_path / str(limit)
        folder.mkdir()
        one = Deployment(sqlite_engine(folder)).with_officers(CouncilPolicy(relaxed_without_consent=limit))
        said.append(change(with_lines(one, range(8)), list(range(8))))
        one.tick(seconds=31)
        assert len(touched(one)) == min(limit, 8)
    assert said[0] == said[1]


@pytest.mark.parametrize("seed", range(6))
def test_in_no_24_hours_do_random_changes_end_or_delay_more_than_the_limit(deployment: Deployment, seed: int) -> None:
    dice, size = random.Random(seed), 24
    few, stamp = with_lines(deployment, range(size)), 2
    before, seen = {case.pk: case for case in few.cases()}, []
    for _ in range(14):
        stamp += 1
        for index in dice.sample(range(size), dice.randint(1, 10)):
            few.post_notices(notice(index, stamp, in_days=dice.randint(5, 90), **dice.choice(_NOTICE_CHANGES)))
            if dice.random() < 0.3:
                few.put_entries(entry(index, stamp, **dice.choice(_ENTRY_CHANGES)))
        few.settle()
        after = {case.pk: case for case in few.cases()}
        now = few.clock.now()
        seen += [(now, pk) for pk, case in after.items() if _is_less(before[pk], case)]
        assert len({pk for at, pk in seen if at > now - timedelta(hours=24)}) <= 5
        few.tick(hours=dice.choice((1, 3, 9, 15)))
        before = {case.pk: case for case in few.cases()}
    assert count(few, cases, cases.c.changes_wait_since.is_not(None)) > 0


def _second(index: int, stamp: int = 1) -> dict[str, Any]:
    return notice(index, stamp, in_days=30) | {"id": f"m{index}"}


_NOTICE_CHANGES: tuple[dict[str, str], ...] = ({}, {}, {"status": "withdrawn"}, {"cli": "01632 961999"})
_ENTRY_CHANGES: tuple[dict[str, str], ...] = ({}, {"service_status": "ended"}, {"cli": "01632 961998"})


def _is_less(before: Any, after: Any) -> bool:
    if before.ended:
        return False
    later = before.harm_on is not None and after.harm_on is not None and after.harm_on > before.harm_on
    return bool(after.ended or later)
