from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.checks.work_steps import steps_of
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.ledger import cases_by_entry

POSTCODE = "FY3 8AB"
HOME = {
    "entry_id": "e1",
    "updated_at": "2026-11-01T09:00:00Z",
    "postcode": POSTCODE,
    "address_lines": ["1 High Street"],
}
FEW = 60


def notices(count: int, first: int = 0, **more: Any) -> list[dict[str, Any]]:
    place = {"postcode": POSTCODE, "issued_at": "2026-11-01T09:00:00Z", "planned_migration_date": "2026-12-10"}
    return [
        {"id": f"n{number}", "cli": f"01632 {200_000 + number}", **place, **more}
        for number in range(first, first + count)
    ]


def with_lines(folder: Path, count: int, **more: Any) -> Deployment:
    folder.mkdir()
    deployment = Deployment(sqlite_engine(folder))
    deployment.put_entries(HOME)
    deployment.post_notices(*notices(count, **more))
    return deployment


KINDS: dict[str, dict[str, Any]] = {
    "planned": {},
    "restricted": {"restriction_start_date": "2026-11-20"},
    "reported": {"status": "completed"},
}


@pytest.mark.parametrize("more", KINDS.values(), ids=KINDS.keys())
def test_the_work_of_the_first_review_grows_as_the_lines(tmp_path: Path, more: dict[str, Any]) -> None:
    steps = [steps_of(with_lines(tmp_path / str(count), count, **more).settle) for count in (FEW, 2 * FEW)]
    assert steps[1] < 2.5 * steps[0]


@pytest.mark.parametrize("more", KINDS.values(), ids=KINDS.keys())
def test_the_work_of_a_further_review_grows_as_the_lines(tmp_path: Path, more: dict[str, Any]) -> None:
    steps = []
    for count in (FEW, 2 * FEW):
        deployment = with_lines(tmp_path / str(count), count)
        deployment.settle()
        deployment.post_notices(*notices(5, first=1000, **more))
        steps.append(steps_of(deployment.settle))
        assert cases_by_entry(deployment)["e1"].lines == count + 5
    assert steps[1] < 2.5 * steps[0]
