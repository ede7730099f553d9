from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from schemas.codes import CaseEvent, CaseState, MatchDecision, MatchLevel, MigrationKind, NoticeStatus, TargetService
from services.alerts.review import owed, timeline
from services.alerts.review.case import Case, Line
from services.alerts.review.recording import with_record
from services.alerts.review.risk import Risk
from services.alerts.states.records import ConfirmHold
from tests.property.case_histories import History, blocks_of_seeds, play

SEEDS = range(300)


@pytest.mark.parametrize("block", blocks_of_seeds(10))
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
    def never(_case: Case, _found: Risk) -> bool:
        return False

    monkeypatch.setattr(owed, "_is_other_line", never)
    assert _found(play)


def _led_past_a_barring_day() -> History:
    history = History(random.Random(1))
    line = Line(
        notice_pk=1,
        level=MatchLevel.CONFIRMED,
        decision=MatchDecision.UNDECIDED,
        decided_level=None,
        status=NoticeStatus.PLANNED,
        migration_kind=MigrationKind.NON_VOLUNTARY,
        target_service=TargetService.VOIP,
        planned_on=date(2027, 3, 1),
        restriction_on=date(2026, 12, 5),
        issued_at=history.now,
        provider="RAVN",
    )
    area = replace(line, notice_pk=2, level=MatchLevel.POSSIBLE, restriction_on=date(2026, 11, 25))
    history.lines = {1: line, 2: area}
    history.look()
    hold = ConfirmHold(by="Asha Patel", provider_reference="HLD-1", ends_on=date(2027, 1, 15), provider="RAVN")
    held = replace(history.case, state=CaseState.HOLD_CONFIRMED)
    history.look((), with_record(held, CaseEvent.CONFIRM_HOLD, hold, [line, area], history.now.date()))
    history.advance(timedelta(days=11, hours=15))
    return history


def test_a_barring_day_is_told_on_its_day_though_an_earlier_one_has_passed() -> None:
    assert _led_past_a_barring_day().case.state is CaseState.LINE_RESTRICTED


def test_it_finds_a_barring_day_that_an_earlier_one_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    def hiding(case: Case, _lines: Sequence[Line], after: date = timeline.EVER) -> Iterator[date]:
        # Only the earliest restriction counts.
        yield from timeline.turning_days(case, (), after)
        if case.restriction_on is not None and not case.ended and case.restriction_on > after:
            yield case.restriction_on

    monkeypatch.setattr(owed, "turning_days", hiding)
    assert _led_past_a_barring_day().case.state is not CaseState.LINE_RESTRICTED
