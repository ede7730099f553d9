"""All functions are pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.line_memory import memories
from services.alerts.review.risk import lines_at_risk
from services.alerts.states.rules import Ruleset, load_ruleset


def with_rules(case: Case, entry: Entry, lines: Sequence[Line], current: Ruleset) -> Case:
    """Return the case with the rule sets that apply from now on.

    A new rule set alone never ends an open case.
    """
    if case.rulesets == (current.name,):
        return case
    earlier = tuple(name for name in case.rulesets if name != current.name)
    # Earlier rule sets still apply if the current rule set lets a line of an open case go.
    if case.revision > 0 and not case.ended and _lets_go(case, entry, lines, current, earlier):
        return replace(case, rulesets=(*earlier, current.name))
    return replace(case, rulesets=(current.name,))


def rules_of(case: Case, current: Ruleset | None) -> tuple[Ruleset, ...]:
    # If one of these rule sets finds a line at risk, the line is at risk.
    return tuple(current if current and name == current.name else load_ruleset(name) for name in case.rulesets)


def _lets_go(case: Case, entry: Entry, lines: Sequence[Line], current: Ruleset, earlier: Sequence[str]) -> bool:
    known = memories(case)
    still = {line.key for line in lines_at_risk(entry, lines, known, (current,))}
    before = lines_at_risk(entry, lines, known, tuple(load_ruleset(name) for name in earlier))
    return any(line.key not in still for line in before)
