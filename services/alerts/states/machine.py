from schemas.codes import CaseEvent, CaseState
from services.alerts.states.machine_states import (
    ALERTS_AT_ONCE,
    CHECKED,
    CLOCK_STOPPED,
    ENDED,
    MOVED,
    URGENT,
    Decision,
    Move,
    Refuse,
    Stay,
)
from services.alerts.states.machine_table import TABLE

__all__ = [
    "Decision",
    "Move",
    "Stay",
    "Refuse",
    "decide",
    "URGENT",
    "MOVED",
    "CHECKED",
    "ENDED",
    "CLOCK_STOPPED",
    "ALERTS_AT_ONCE",
]


def decide(state: CaseState, event: CaseEvent) -> Decision:
    return TABLE[event][state]
