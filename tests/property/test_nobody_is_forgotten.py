"""No random history of two providers, two lines, a policy edit and a person's acts leaves a resident forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import pytest

from services.alerts import owed, timeline
from services.alerts.case import Case, Line
from services.alerts.danger import Danger
from tests.property.case_histories import play

SEEDS = range(300)


@pytest.mark.parametrize("block", range(10))
def test_an_open_case_always_has_something_owed_and_none_ends_with_a_line_at_risk(block: int) -> None:
    for seed in SEEDS[block::10]:
        play(seed)


def _found(mutated: Callable[[int], object]) -> bool:
    for seed in SEEDS:
        try:
            mutated(seed)
        except AssertionError:
            return True
    return False


def test_it_finds_a_due_time_computed_from_days_that_lie_ahead() -> None:
    assert _found(lambda seed: play(seed, look_after_acts=False))


def test_it_finds_a_policy_edit_that_does_not_reach_open_cases() -> None:
    assert _found(lambda seed: play(seed, recompute_on_edit=False))


def test_it_finds_a_case_that_ends_though_another_provider_s_line_is_at_risk(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_case: Case, _found: Danger) -> bool:
        return False

    monkeypatch.setattr(owed, "_is_other_line", never)
    assert _found(play)


def test_it_finds_a_barring_day_that_an_earlier_one_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    def hiding(case: Case, lines: Sequence[Line]) -> Iterator[date]:
        """Only the earliest restriction of all lines."""
        yield from timeline.turning_days(case, ())
        if case.restriction_on is not None and not case.ended:
            yield case.restriction_on

    monkeypatch.setattr(owed, "turning_days", hiding)
    assert _found(play)
