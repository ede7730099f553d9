from __future__ import annotations

import pytest

from schemas.codes import CaseState
from services.alerts.states.machine_states import ENDED, Move, Refuse, Stay
from services.alerts.states.machine_table import EVERY, HAS_ENDED, event_row, refused, stays, to, work_row

SOME = frozenset({CaseState.OPEN, CaseState.CLOSED})
REST = EVERY - SOME


def test_a_move_is_from_every_state_but_the_one_it_leads_to() -> None:
    assert to(CaseState.CLOSED, SOME) == (Move(CaseState.CLOSED), frozenset({CaseState.OPEN}))


def test_a_stay_and_a_refusal_hold_for_the_states_named() -> None:
    assert stays(SOME) == (Stay(), SOME)
    assert refused("The line has moved.", SOME) == (Refuse("The line has moved."), SOME)


def test_a_row_gives_the_decision_of_each_part_in_the_order_of_the_states() -> None:
    made = event_row(to(CaseState.ACKNOWLEDGED, frozenset({CaseState.OPEN})), stays(EVERY - {CaseState.OPEN}))
    assert made == {state: Move(CaseState.ACKNOWLEDGED) if state is CaseState.OPEN else Stay() for state in CaseState}
    assert list(made) == list(CaseState)


@pytest.mark.parametrize(
    "parts",
    [
        (stays(SOME),),
        (stays(EVERY), refused("No.", SOME)),
        (stays(SOME), refused("No.", frozenset({CaseState.OPEN}))),
        (stays(EVERY - {CaseState.OPEN}), refused("No.", frozenset({CaseState.CLOSED}))),
    ],
    ids=["states left out", "states decided twice", "both", "both, in as many decisions as there are states"],
)
def test_a_row_that_does_not_decide_every_state_once_says_so(parts: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"^a row of the case table must decide every state exactly once$"):
        event_row(*parts)  # type: ignore[arg-type]


def test_work_moves_an_open_case_is_recorded_beside_and_is_refused_after_the_end() -> None:
    made = work_row(CaseState.VISIT_BOOKED, frozenset({CaseState.OPEN, CaseState.VISIT_BOOKED}))
    assert made[CaseState.OPEN] == Move(CaseState.VISIT_BOOKED)
    assert made[CaseState.VISIT_BOOKED] == Stay()
    assert {state for state, decision in made.items() if decision == Refuse(HAS_ENDED)} == ENDED
    assert {state for state, decision in made.items() if decision == Stay()} == EVERY - ENDED - {CaseState.OPEN}
