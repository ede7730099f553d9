from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

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
)
from tests.support.deployment import Deployment
from tests.support.one_line import TODAY

Body = Callable[[int, int], dict[str, Any]]
AREA = {"id": "a1", "scope": "postcode", "area_codes": ["FY3 8"]}


def completed(index: int, stamp: int) -> dict[str, Any]:
    return notice(index, stamp, in_days=-1, status="completed")


def completed_on_its_day(index: int, stamp: int) -> dict[str, Any]:
    return notice(index, stamp, status="completed", migrated_on=day(-1))


def completed_by_reference_alone(index: int, stamp: int) -> dict[str, Any]:
    return {"id": f"n{index}", "status": "completed", "issued_at": f"2026-11-01T09:{stamp:02}:00Z"}


@pytest.fixture
def sixty(deployment: Deployment) -> Deployment:
    return with_lines(deployment.with_officers())


@pytest.mark.parametrize("report", [completed, completed_on_its_day, completed_by_reference_alone])
def test_sixty_reported_moves_end_no_case_and_each_is_told_as_urgent(sixty: Deployment, report: Body) -> None:
    told = len(sixty.mails())
    sixty.post_notices(*(report(index, 2) for index in SIXTY))
    sixty.tick(seconds=61)
    assert ended(sixty) == set()
    assert {case.state.value for case in sixty.cases()} == {"migrated_unconfirmed"}
    assert "60 " in sixty.mails()[-1].message.text
    assert len(sixty.mails()) == told + 1


@pytest.mark.parametrize("report", [completed, completed_by_reference_alone])
def test_to_withdraw_what_was_reported_ends_no_more_than_the_limit(sixty: Deployment, report: Body) -> None:
    sixty.post_notices(*(report(index, 2) for index in SIXTY))
    sixty.tick(seconds=61)
    sixty.post_notices(*(notice(index, 3, status="withdrawn") for index in SIXTY))
    sixty.tick(seconds=61)
    assert len(ended(sixty)) <= LIMIT


def test_a_reported_move_of_an_area_ends_or_delays_no_more_than_the_limit(deployment: Deployment) -> None:
    homes = [entry(index, postcode="FY3 8AB", address_lines=[f"{index} Tower Road"]) for index in SIXTY]
    deployment.with_officers().put_entries(*homes)
    planned = {**AREA, "planned_migration_date": day(10)}
    deployment.post_notices({**planned, "issued_at": "2026-11-01T09:01:00Z"})
    deployment.tick(seconds=61)
    assert len(open_cases(deployment)) == len(SIXTY)
    over = {"status": "completed", "migrated_on": day(-1), "issued_at": "2026-11-01T09:02:00Z"}
    deployment.post_notices({**planned, **over})
    deployment.tick(seconds=61)
    assert len(touched(deployment)) <= LIMIT
    assert len(waiting(deployment)) >= len(SIXTY) - LIMIT


TIES: list[dict[str, Any]] = [
    {"status": "withdrawn"},
    {"planned_migration_date": day(200)},
    {"planned_migration_date": None},
    {"status": "paused"},
    {"status": "completed", "migrated_on": day(-1)},
]


def tied(index: int, change: dict[str, Any], stamp: int = 1) -> dict[str, Any]:
    return {name: value for name, value in (notice(index, stamp) | change).items() if value is not None}


@pytest.mark.parametrize("change", TIES)
def test_a_body_that_ties_with_the_record_relaxes_nothing_by_itself(sixty: Deployment, change: dict[str, Any]) -> None:
    sixty.post_notices(*(tied(index, change) for index in SIXTY))
    sixty.tick(seconds=61)
    assert touched(sixty) == set()


def test_a_tied_version_with_other_numbers_relaxes_no_more_than_the_limit(sixty: Deployment) -> None:
    sixty.post_notices(*(tied(index, {"cli": f"01632 961{index:03}"}) for index in SIXTY))
    sixty.tick(seconds=61)
    assert len(touched(sixty)) <= LIMIT


def test_a_tied_register_row_relaxes_no_more_than_the_limit(sixty: Deployment) -> None:
    sixty.put_entries(*(entry(index, service_status="ended") for index in SIXTY))
    sixty.tick(seconds=61)
    assert len(touched(sixty)) <= LIMIT


@pytest.mark.parametrize("change", TIES[:2])
def test_a_later_stamp_that_settles_sixty_ties_relaxes_no_more_than_the_limit(
    sixty: Deployment, change: dict[str, Any]
) -> None:
    sixty.post_notices(*(tied(index, change) for index in SIXTY))
    sixty.tick(seconds=61)
    sixty.post_notices(*(tied(index, change, 2) for index in SIXTY))
    sixty.tick(seconds=61)
    assert len(touched(sixty)) == LIMIT
    assert len(waiting(sixty)) == len(SIXTY) - LIMIT


@pytest.mark.parametrize("seed", range(5))
def test_no_row_of_ties_drops_the_danger_on_record(deployment: Deployment, seed: int) -> None:
    chance = random.Random(seed)
    few = with_lines(deployment.with_officers(), range(20))
    for _ in range(4):
        few.post_notices(*(tied(index, chance.choice(TIES)) for index in range(20)))
        few.tick(seconds=61)
    # Five is the allowance of a council with few cases.
    assert len(touched(few)) <= 5


@pytest.mark.parametrize("seed", range(4))
def test_in_a_day_no_mix_of_reports_and_ties_ends_more_than_the_limit(sixty: Deployment, seed: int) -> None:
    chance, stamps = random.Random(seed), dict.fromkeys(SIXTY, 1)
    for _ in range(6):
        rows = []
        for index in chance.sample(SIXTY, 30):
            stamps[index] += chance.randint(0, 1)
            rows.append(tied(index, chance.choice(TIES), stamps[index]))
        sixty.post_notices(*rows)
        sixty.tick(minutes=chance.randint(1, 120))
    assert sixty.clock.now().date() <= TODAY + timedelta(days=1)
    assert len(ended(sixty)) <= LIMIT
