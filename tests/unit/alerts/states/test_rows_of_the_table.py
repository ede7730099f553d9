"""How a row of the case table is written: every state decided once, by moves, stays and refusals."""

from __future__ import annotations

import pytest

from services.alerts.states.machine_states import ENDED, Move, Refuse, State, Stay
from services.alerts.states.machine_table import EVERY, HAS_ENDED, act, refused, row, stays, to

SOME = frozenset({State.OPEN, State.CLOSED})
REST = EVERY - SOME


def test_a_move_is_from_every_state_but_the_one_it_leads_to() -> None:
    assert to(State.CLOSED, SOME) == (Move(State.CLOSED), frozenset({State.OPEN}))


def test_a_stay_and_a_refusal_hold_for_the_states_named() -> None:
    assert stays(SOME) == (Stay(), SOME)
    assert refused("The line has moved.", SOME) == (Refuse("The line has moved."), SOME)


def test_a_row_gives_the_decision_of_each_part_in_the_order_of_the_states() -> None:
    made = row(to(State.ACKNOWLEDGED, frozenset({State.OPEN})), stays(EVERY - {State.OPEN}))
    assert made == {state: Move(State.ACKNOWLEDGED) if state is State.OPEN else Stay() for state in State}
    assert list(made) == list(State)


@pytest.mark.parametrize(
    "parts",
    [
        (stays(SOME),),
        (stays(EVERY), refused("No.", SOME)),
        (stays(SOME), refused("No.", frozenset({State.OPEN}))),
        (stays(EVERY - {State.OPEN}), refused("No.", frozenset({State.CLOSED}))),
    ],
    ids=["states left out", "states decided twice", "both", "both, in as many decisions as there are states"],
)
def test_a_row_that_does_not_decide_every_state_once_says_so(parts: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"^a row of the case table must decide every state exactly once$"):
        row(*parts)  # type: ignore[arg-type]


def test_work_moves_an_open_case_is_recorded_beside_and_is_refused_after_the_end() -> None:
    made = act(State.VISIT_BOOKED, frozenset({State.OPEN, State.VISIT_BOOKED}))
    assert made[State.OPEN] == Move(State.VISIT_BOOKED)
    assert made[State.VISIT_BOOKED] == Stay()
    assert {state for state, decision in made.items() if decision == Refuse(HAS_ENDED)} == ENDED
    assert {state for state, decision in made.items() if decision == Stay()} == EVERY - ENDED - {State.OPEN}
