"""Run `python -m services.alerts.states.machine_diagram docs/case-states.md` to update the page."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from schemas.codes import CaseEvent, CaseState
from services.alerts.states.machine_states import AT_WORK, CLOCK_STOPPED, URGENT, Decision, Move, Refuse
from services.alerts.states.machine_table import TABLE
from services.core.generated_part import with_generated

_AT_WORK = "at_work"
# The usual moves. A case may skip steps forward; the table below the diagram has every move.
_DRAWN: tuple[tuple[str, str], ...] = (
    ("open", "acknowledged"),
    ("acknowledged", "resident_contacted"),
    ("resident_contacted", "visit_booked"),
    ("visit_booked", "solution_fitted"),
    ("solution_fitted", "test_passed"),
    ("test_passed", "confirmed_safe"),
    ("confirmed_safe", "migrated"),
    ("migrated", "post_check_passed"),
    ("post_check_passed", "closed"),
    ("acknowledged", "open"),
    ("visit_booked", "no_access"),
    ("no_access", "visit_booked"),
    ("visit_booked", "resident_declined"),
    ("resident_declined", "hold_requested"),
    ("solution_fitted", "test_failed"),
    ("test_failed", "solution_fitted"),
    ("test_failed", "hold_requested"),
    ("hold_requested", "hold_refused"),
    ("hold_requested", "hold_confirmed"),
    ("hold_confirmed", "open"),
    ("confirmed_safe", "open"),
    (_AT_WORK, "line_restricted"),
    (_AT_WORK, "migrated_unconfirmed"),
    (_AT_WORK, "reverted"),
    ("hold_confirmed", "line_restricted"),
    ("line_restricted", "test_passed"),
    ("line_restricted", "migrated_unconfirmed"),
    ("migrated_unconfirmed", "migrated"),
    ("migrated_unconfirmed", "post_check_passed"),
    ("migrated", "migrated_unconfirmed"),
    ("migrated", "reverted"),
    ("reverted", "visit_booked"),
    (_AT_WORK, "false_match"),
    (_AT_WORK, "service_ended"),
    (_AT_WORK, "notice_withdrawn"),
    ("notice_withdrawn", "open"),
    ("closed", "open"),
)


def diagram() -> str:
    boxes = [_box(_AT_WORK, "At work: the clock runs", AT_WORK)]
    boxes.append(_box("alarm", "Alarm: paged by day and night", URGENT))
    boxes.append(_box("stopped", "The clock has stopped", CLOCK_STOPPED))
    boxes.append(f"  {_node(CaseState.MIGRATED)}")
    arrows = [f"  {source} -->|{_label(source, CaseState(target))}| {target}" for source, target in _DRAWN]
    return "\n".join(["```mermaid", "flowchart TD", *boxes, *arrows, "```"])


def moves_table() -> str:
    lines = ["| event | moves | refused |", "|---|---|---|"]
    lines += [
        f"| `{event}` | {_cell(_moves(TABLE[event]))} | {_cell(_refusals(TABLE[event]))} |" for event in CaseEvent
    ]
    return "\n".join(lines)


def _box(name: str, title: str, states: frozenset[CaseState]) -> str:
    nodes = [f"    {_node(state)}" for state in CaseState if state in states]
    return "\n".join([f'  subgraph {name}["{title}"]', *nodes, "  end"])


def _node(state: CaseState) -> str:
    return f'{state}["{state.replace("_", " ")}"]'


def _label(source: str, target: CaseState) -> str:
    sources = AT_WORK - {target} if source == _AT_WORK else {CaseState(source)}
    events = [event for event in CaseEvent if all(TABLE[event][state] == Move(target) for state in sources)]
    if not events:
        raise ValueError(f"the picture has a way from {source} to {target}, the table has none")
    return " / ".join(event.replace("_", " ") for event in events)


def _moves(row: Mapping[CaseState, Decision]) -> Iterator[str]:
    for target in CaseState:
        sources = [state for state, decision in row.items() if decision == Move(target)]
        if sources:
            yield f"{_codes(sources)} → `{target}`"


def _refusals(row: Mapping[CaseState, Decision]) -> Iterator[str]:
    for reason in dict.fromkeys(decision.reason for decision in row.values() if isinstance(decision, Refuse)):
        yield f"{_codes([state for state, decision in row.items() if decision == Refuse(reason)])}: {reason}"


def _codes(states: list[CaseState]) -> str:
    return ", ".join(f"`{state}`" for state in states)


def _cell(parts: Iterator[str]) -> str:
    return "<br>".join(parts) or "-"


def with_states(page: str) -> str:
    return with_generated(page, f"{diagram()}\n\n{moves_table()}")


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_states(page.read_text("utf-8")), "utf-8")
