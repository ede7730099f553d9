from __future__ import annotations

from tests.chaos.faults.schedule import KILLS, NETWORK, Kind, Way, draw


def test_a_seed_always_draws_the_same_schedule() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_every_class_of_fault_comes_in_every_schedule_and_every_kill_twice() -> None:
    for seed in range(20):
        made = draw(seed)
        kinds = [fault.kind for fault in (*made.surroundings, *made.processes)]
        assert set(kinds) == set(Kind)
        assert all(kinds.count(kind) == 2 for kind in KILLS)


def test_every_way_is_cut_delayed_and_half_open() -> None:
    treated = {(fault.kind, fault.way) for fault in draw(7).surroundings if fault.way}
    assert treated == {(kind, way) for kind in NETWORK for way in Way}
