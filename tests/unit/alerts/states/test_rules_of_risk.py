from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.codes import (
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    ServiceStatus,
    TargetService,
)
from services.alerts.states.records import BookVisit
from services.alerts.states.rules import Assessment, LineFacts, Ruleset, assess

FACTS = LineFacts(
    MatchLevel.PROBABLE,
    MatchDecision.UNDECIDED,
    NoticeStatus.PLANNED,
    MigrationKind.VOLUNTARY,
    TargetService.VOIP,
    ServiceStatus.ACTIVE,
    Connection.SIM,
)


def rule(name: str, when: dict[str, list[str]], *, at_risk: bool = False) -> dict[str, Any]:
    return {"id": name, "at_risk": at_risk, "why": f"Why {name}.", "source": "deployment", "when": when}


def rules(*given: dict[str, Any]) -> Ruleset:
    otherwise = {"id": "unknown", "at_risk": True, "why": "Nobody knows.", "source": "deployment"}
    return Ruleset.model_validate({"name": "test", "title": "A test", "rules": given, "otherwise": otherwise})


def test_the_first_rule_that_applies_decides_and_gives_its_words() -> None:
    by_sim = rule("by-sim", {"connection": ["ip", "sim"]})
    asks = rule("asks", {"match_level": ["probable"]}, at_risk=True)
    assert assess(rules(by_sim, asks), FACTS) == Assessment(at_risk=False, rule_id="by-sim", why="Why by-sim.")
    assert assess(rules(asks, by_sim), FACTS) == Assessment(at_risk=True, rule_id="asks", why="Why asks.")


def test_every_field_that_a_rule_names_must_fit() -> None:
    both = rule("both", {"connection": ["sim"], "match_level": ["possible"]})
    assert assess(rules(both), FACTS) == Assessment(at_risk=True, rule_id="unknown", why="Nobody knows.")


@pytest.mark.parametrize("day", [date(2016, 12, 31), date(2041, 1, 1)])
def test_a_day_that_nobody_can_have_meant_is_refused_with_the_years_that_can_be(day: date) -> None:
    with pytest.raises(ValidationError, match="is not between 2017 and 2040: check the year"):
        BookVisit(by="Asha Patel", visit_on=day)


@pytest.mark.parametrize("day", [date(2017, 1, 1), date(2040, 12, 31)])
def test_the_first_and_the_last_day_that_can_be_meant_are_taken(day: date) -> None:
    assert BookVisit(by="Asha Patel", visit_on=day).visit_on == day
