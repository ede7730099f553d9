from __future__ import annotations

import random
from copy import deepcopy
from datetime import timedelta

import pytest

from services.alerts.review import timeline
from tests.property.case_histories import History, blocks_of_seeds, play

SEEDS = range(150)
DAYS_AWAY = 60


def _after_days_away(seed: int) -> tuple[object, object]:
    """Return the state of a case after daily reviews, and the state of its copy after one late review."""
    daily = play(seed, steps=random.Random(seed).randint(3, 25))
    if daily.case.revision == 0:
        return None, None
    once = deepcopy(daily)
    for _ in range(DAYS_AWAY):
        daily.now += timedelta(days=1)
        daily.look()
    once.now += timedelta(days=DAYS_AWAY)
    once.look()
    return _standing(daily), _standing(once)


def _standing(history: History) -> object:
    case = history.case
    return case.state, case.hold_until, case.review_on


@pytest.mark.parametrize("block", blocks_of_seeds(5))
def test_a_late_look_leaves_a_case_where_daily_looks_would_have(block: int) -> None:
    for seed in SEEDS[block::5]:
        daily, once = _after_days_away(seed)
        assert daily == once, f"seed {seed}"


@pytest.mark.slow
def test_it_finds_days_that_are_applied_all_at_once_in_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    order = list(timeline._ORDER)
    monkeypatch.setattr(timeline.DatedEvent, "rank", property(lambda dated: -order.index(dated.event)))
    assert any(daily != once for daily, once in map(_after_days_away, SEEDS))
