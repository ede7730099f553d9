from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.tools import ALERTS, FOLDER, RECORDED, RULES, run
from tests.support.checks.source import ROOT

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = re.findall(r"^## (Pullcord\w+)$", RUNBOOK, re.MULTILINE)
TESTS = yaml.safe_load((FOLDER / "rules.test.yaml").read_text())
# Labels with our own codes, or with the address of a process. No other label may be in a text that leaves the
# deployment.
LABELS_SHOWN = frozenset(["loop", "consumer", "feed", "instance"])


def expected(test: dict[str, Any]) -> set[str]:
    samples = [sample["labels"] for one in test.get("promql_expr_test", ()) for sample in one.get("exp_samples", ())]
    of_rules = {one["alertname"] for one in test.get("alert_rule_test", ()) if one.get("exp_alerts")}
    return of_rules | {name for labels in samples for name in re.findall(r'alertname="(\w+)"', labels)}


def test_promtool_has_no_word_against_the_rules() -> None:
    said = run("promtool", "check", "rules", RULES)
    assert (said.code, said.err) == (0, "")
    assert said.out.split("\n", 1)[1].strip() == f"SUCCESS: {len(ALERTS) + len(RECORDED)} rules found"


def test_the_rules_pass_their_own_tests() -> None:
    said = run("promtool", "test", "rules", FOLDER / "rules.test.yaml")
    assert (said.code, said.err) == (0, "")
    assert said.out.split("\n", 1)[1].strip() == "SUCCESS"


def test_every_alert_is_seen_to_fire_in_a_test() -> None:
    assert set().union(*map(expected, TESTS["tests"])) == set(ALERTS)


def test_rules_that_are_wrong_are_found_by_their_tests(tmp_path: Path) -> None:
    wrong = RULES.read_text().replace("pullcord:canary_seconds:max > 300", "pullcord:canary_seconds:max > 3000")
    (tmp_path / "rules.yaml").write_text(wrong)
    of_canaries = [test for test in TESTS["tests"] if "PullcordCanaryMissing" in expected(test)]
    (tmp_path / "rules.test.yaml").write_text(yaml.safe_dump({**TESTS, "tests": of_canaries}))
    said = run("promtool", "test", "rules", tmp_path / "rules.test.yaml")
    assert said.code == 1
    assert "PullcordCanaryMissing" in said.out + said.err


def test_the_runbook_has_a_section_for_every_alert_in_their_order_and_no_other() -> None:
    assert list(ALERTS) == SECTIONS


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_severity_a_plain_text_and_its_section_in_the_runbook(name: str) -> None:
    alert = ALERTS[name]
    assert set(alert["labels"]) == {"severity"}
    assert alert["labels"]["severity"] in ("critical", "warning", "none")
    texts = alert["annotations"]
    assert set(texts) == {"summary", "description", "runbook_url"}
    assert texts["runbook_url"] == f"docs/runbook.md#{name.lower()}"
    for text in (texts["summary"], texts["description"]):
        assert text.endswith(".")
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= LABELS_SHOWN
        assert "pullcord_" not in text


@pytest.mark.parametrize("name", ALERTS)
def test_a_section_says_what_it_means_what_to_look_at_and_what_to_do(name: str) -> None:
    section = RUNBOOK.split(f"## {name}\n")[1].split("\n## ")[0]
    assert re.findall(r"^\*\*([^*]+)\*\*", section, re.MULTILINE) == ["What it means.", "Look at.", "Do."]
