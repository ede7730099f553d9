from __future__ import annotations

import random

import pytest

from services.matcher import turns
from services.matcher.store.progress import count_waiting
from services.storage.tables import unfinished_matching
from tests.scenarios.turns.postcodes import home, line
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import count, pairs

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


@pytest.mark.parametrize("seed", range(2))
def test_an_entry_and_a_notice_have_turns_and_the_nearest_harm_comes_first(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(turns, "PAGE", 10)
    numbers = random.Random(seed).sample(range(30), 25)
    deployment.post_notices(*(line(number) for number in numbers), line(99, planned_migration_date=None))
    deployment.settle()
    deployment.put_entries(home(1))
    deployment.event_dispatcher.run_once()
    assert sorted(int(notice[1:]) for notice, _ in pairs(deployment)) == sorted(numbers)[:10]
    with deployment.store.reading() as connection:
        assert count_waiting(connection, BLACKPOOL, 100) == 1
    deployment.settle()
    assert (len(pairs(deployment)), count(deployment, unfinished_matching)) == (26, 0)
    deployment.put_entries(*(home(number) for number in range(2, 26)))
    deployment.settle()
    deployment.post_notices(line(200))
    deployment.event_dispatcher.run_once()
    with deployment.store.reading() as connection:
        assert count_waiting(connection, BLACKPOOL, 100) == 15
    deployment.settle()
    assert (len(pairs(deployment)), count(deployment, unfinished_matching)) == (25 * 27, 0)
