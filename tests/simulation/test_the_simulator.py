"""The simulator itself: a seed replays exactly, a broken month is shortened, and a run is resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.many import LEAST, OF_MONTHS, Totals, seeds
from tests.simulation.planted import PLANTED
from tests.simulation.run import FAULTS, shortened, simulate
from tests.simulation.surroundings.plan import Kind, draw

pytestmark = pytest.mark.timeout(1_800)


def test_a_seed_always_draws_the_same_plan() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_a_month_replays_exactly() -> None:
    once, again = simulate(draw(2)), simulate(draw(2))
    assert once.record.happened == again.record.happened
    assert once.record.digest() == again.record.digest()


def test_a_broken_month_is_shortened_to_the_acts_that_break_it() -> None:
    planted = PLANTED["an acknowledgement never ends"]
    # Only what feeds send: the fault needs no other fault beside it.
    quiet = (Kind.ENTRY, Kind.NOTICE, Kind.POLICY)
    for seed in range(1, 21):
        plan = draw(seed)
        plan = replace(plan, acts=tuple(act for act in plan.acts if act.kind in quiet))
        found = simulate(plan, planted)
        if found.broken:
            break
    short = shortened(found, planted)
    first = found.broken[0]
    assert (first.promise, first.about) in {(one.promise, one.about) for one in short.broken}
    assert len(short.plan.acts) < len(found.plan.acts) / 2


def test_a_longer_run_begins_with_the_months_of_a_shorter_one() -> None:
    assert seeds(3, 40)[:10] == seeds(3, 10)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    totals, kept = Totals(5), tmp_path / "totals.json"
    totals.add(11, {"faults": {"crash": 3}, "happened": {"attempt": 9}, "broken": ["late"]})
    totals.save(kept)
    assert Totals.resumed(kept, seed=99) == totals


def test_a_run_without_a_class_of_fault_fails() -> None:
    totals = Totals(5, months=OF_MONTHS)
    totals.faults.update(dict.fromkeys(FAULTS, LEAST))
    assert totals.fine
    totals.faults["replay"] -= 1
    assert totals.too_rare == {"replay": LEAST - 1}
