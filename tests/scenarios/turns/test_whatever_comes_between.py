from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from services.matcher import turns
from services.matcher.consumer import Matcher
from services.storage.tables import unfinished_matching
from tests.scenarios.turns.postcodes import POSTCODE, SAFE_DAY, home, line
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.ledger import count, pairs


class Stopped(BaseException):
    """Simulates the end of a process in the middle of a turn of the matcher."""


@pytest.mark.parametrize("seed", range(4))
def test_the_matches_are_the_same_as_without_a_ceiling(
    deployment: Deployment,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    dice = random.Random(seed)
    unlimited = Deployment(sqlite_engine(tmp_path_factory.mktemp("unlimited")))
    for step in range(1, 16):
        changed = [some_notices(dice, step), some_entries(dice, step)]
        for one in (deployment, unlimited):
            one.post_notices(*changed[0])
            one.put_entries(*changed[1])
        with monkeypatch.context() as small:
            small.setattr(turns, "PAGE", 4)
            small.setattr(turns, "BATCH", dice.choice([6, 100_000]))
            run_a_little(deployment, dice, small)
    with monkeypatch.context() as small:
        small.setattr(turns, "PAGE", 4)
        deployment.settle()
    unlimited.settle()
    assert count(deployment, unfinished_matching) == 0
    assert pairs(deployment) == pairs(unlimited)


def some_notices(dice: random.Random, step: int) -> list[dict[str, Any]]:
    places: list[dict[str, Any]] = [
        {},
        {},
        {"address_lines": [f"{dice.randrange(12)} High Street"]},
        {"address_lines": ["Rose Cottage"]},
        {"postcode": "FY4 1AB"},
        {"cli": f"01632 {960_000 + dice.randrange(12)}"},
        {"uprn": str(100_000 + dice.randrange(12))},
        {"cli": None, "scope": "postcode", "area_codes": ["FY3 8"], "postcode": None},
    ]
    days = [None, str(SAFE_DAY + timedelta(days=dice.randrange(60)))]
    return [
        line(
            dice.randrange(30),
            planned_migration_date=dice.choice(days),
            status=dice.choice(["planned", "planned", "planned", "withdrawn"]),
            issued_at=f"2026-11-{step:02}T09:00:00Z",
        )
        | dice.choice(places)
        for _ in range(dice.randrange(6))
    ]


def some_entries(dice: random.Random, step: int) -> list[dict[str, Any]]:
    chosen = dice.sample(range(12), dice.randrange(4))
    return [
        home(
            number,
            cli=f"01632 {960_000 + number}",
            uprn=str(100_000 + number),
            postcode=dice.choice([POSTCODE, POSTCODE, "FY4 1AB"]),
            service_status=dice.choice(["active", "active", "ended"]),
            updated_at=f"2026-11-{step:02}T10:00:00Z",
        )
        for number in chosen
    ]


def run_a_little(deployment: Deployment, dice: random.Random, patch: pytest.MonkeyPatch) -> None:
    # The process may end in the middle of a batch.
    for _ in range(dice.randrange(4)):
        with patch.context() as broken:
            if dice.random() < 0.3:
                broken.setattr(Matcher, "match", stopping)
            with suppress(Stopped):
                deployment.event_dispatcher.run_once()


def stopping(*_: Any) -> None:
    raise Stopped
