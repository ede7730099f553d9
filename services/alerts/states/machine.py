"""The case as a state machine: what an event does to a case that stands in a given state.

Steps may be skipped forward: a case may go from open to confirmed safe when the record that confirmation
needs is given. What each event must carry is in `records`. The machine is policy of the deployment.
"""

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
