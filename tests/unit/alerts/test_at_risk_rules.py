from __future__ import annotations

import json
from importlib.resources import files
from itertools import product
from typing import Any, get_type_hints

import pytest
from pydantic import ValidationError

from services.alerts.states.rules import Assessment, LineFacts, Ruleset, assess, load_ruleset

RULES = load_ruleset("pstn-2026")
SOURCE = json.loads((files("services.alerts.states") / "rulesets" / "pstn-2026.json").read_text("utf-8"))
CODES = {field: tuple(kind) for field, kind in get_type_hints(LineFacts).items()}
USUAL: dict[str, Any] = {
    "match_level": "confirmed",
    "decision": "undecided",
    "notice_status": "planned",
    "migration_kind": "non_voluntary",
    "target_service": "voip",
    "service_status": "active",
    "connection": "analogue_line",
}


def verdict(**facts: Any) -> Assessment:
    return assess(RULES, LineFacts(**USUAL | facts))


def test_the_rule_set_says_its_name() -> None:
    assert RULES.name == "pstn-2026"


@pytest.mark.parametrize("name", ["pstn-1926", "", "../rules", "PSTN-2026"])
def test_a_rule_set_that_does_not_exist_is_an_error(name: str) -> None:
    with pytest.raises(LookupError, match="no rule set"):
        load_ruleset(name)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"decision": "rejected"}, "match_rejected"),
        ({"service_status": "ended"}, "service_ended"),
        ({"notice_status": "withdrawn"}, "notice_withdrawn"),
    ],
)
def test_a_rejected_match_an_ended_service_and_a_withdrawn_notice_are_not_at_risk(
    facts: dict[str, str], rule: str
) -> None:
    assert (verdict(**facts).at_risk, verdict(**facts).rule_id) == (False, rule)


@pytest.mark.parametrize("status", ["planned", "rescheduled", "paused", "completed", "reverted"])
def test_every_other_status_of_a_notice_leaves_the_line_at_risk(status: str) -> None:
    assert verdict(notice_status=status).at_risk


def test_a_paused_notice_does_not_stop_the_clock_and_says_so() -> None:
    assert "neither a hold nor a withdrawal" in verdict(notice_status="paused").why


@pytest.mark.parametrize("kind", CODES["migration_kind"])
def test_voluntary_moves_are_at_risk_too(kind: str) -> None:
    assert verdict(migration_kind=kind).at_risk


@pytest.mark.parametrize("target", CODES["target_service"])
def test_no_target_service_is_safe_by_itself(target: str) -> None:
    assert verdict(target_service=target).at_risk


def test_an_exchange_based_line_needs_its_review_date() -> None:
    assert "review date" in verdict(target_service="pdpl").why


@pytest.mark.parametrize("connection", ["sim", "ip"])
@pytest.mark.parametrize("level", ["probable", "possible"])
def test_an_alarm_that_does_not_use_the_line_is_not_at_risk_by_its_address_alone(connection: str, level: str) -> None:
    assert not verdict(connection=connection, match_level=level).at_risk


@pytest.mark.parametrize("connection", ["sim", "ip"])
def test_the_same_telephone_number_outweighs_a_register_that_may_be_stale(connection: str) -> None:
    assert verdict(connection=connection).rule_id == "register_may_be_stale"
    assert verdict(connection=connection).at_risk


def test_a_person_who_confirms_the_match_outweighs_the_register() -> None:
    assert verdict(connection="sim", match_level="probable", decision="confirmed").at_risk


@pytest.mark.parametrize("connection", ["analogue_line", "router", "converter", "unknown"])
def test_every_other_connection_is_at_risk_at_every_level(connection: str) -> None:
    assert all(verdict(connection=connection, match_level=level).at_risk for level in CODES["match_level"])


def test_only_the_rules_named_here_ever_let_a_line_go() -> None:
    letting_go = {
        assessment.rule_id
        for codes in product(*CODES.values())
        if not (assessment := assess(RULES, LineFacts(*codes))).at_risk
    }
    assert letting_go == {"match_rejected", "service_ended", "notice_withdrawn", "other_way_to_the_centre"}


def test_every_rule_can_decide_something() -> None:
    deciding = {assess(RULES, LineFacts(*codes)).rule_id for codes in product(*CODES.values())}
    assert deciding == {rule.id for rule in RULES.rules} | {RULES.otherwise.id}


def test_nothing_known_is_at_risk() -> None:
    unknown = {"migration_kind": "unknown", "target_service": "unknown", "connection": "unknown"}
    assert verdict(**unknown).rule_id == "otherwise"
    assert verdict(**unknown).at_risk


def test_every_rule_says_why_and_who_says_so() -> None:
    assert all(rule.why.endswith(".") and rule.source for rule in (*RULES.rules, RULES.otherwise))


@pytest.mark.parametrize("when", [{"colour": ["red"]}, {"decision": ["perhaps"]}, {"decision": []}, {}])
def test_a_rule_that_can_never_apply_or_names_an_unknown_code_is_refused(when: dict[str, list[str]]) -> None:
    rule = {"id": "odd", "when": when, "at_risk": True, "why": "So.", "source": "policy of the deployment"}
    with pytest.raises(ValidationError):
        Ruleset.model_validate(SOURCE | {"rules": [rule]})


def test_a_rule_set_cannot_let_go_by_default() -> None:
    with pytest.raises(ValidationError, match="otherwise"):
        Ruleset.model_validate(SOURCE | {"otherwise": SOURCE["otherwise"] | {"at_risk": False}})


def test_two_rules_cannot_share_an_id() -> None:
    with pytest.raises(ValidationError, match="same id"):
        Ruleset.model_validate(SOURCE | {"rules": SOURCE["rules"][:1] * 2})
