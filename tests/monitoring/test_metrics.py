from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from services.audit.metrics import OversightGauges
from tests.monitoring.tools import RECORDED, expressions, named, run
from tests.support.checks.source import ROOT
from tests.support.http import Api

PAGE = ROOT / "docs" / "reference" / "metrics.md"
DOCUMENTED = set(re.findall(r"^\| `(pullcord_\w+)` \|", PAGE.read_text(), re.MULTILINE))
# The metrics in an answer of /metrics/oversight.
OVERSIGHT = {family.name for family in OversightGauges(None).collect()}


def there(text: str) -> set[str]:
    families = list(text_string_to_metric_families(text))
    totals = {f"{family.name}_total" for family in families if family.type == "counter"}
    return totals | {family.name for family in families} | {one.name for family in families for one in family.samples}


def test_promtool_has_no_word_against_the_metrics(busy: str) -> None:
    said = run("promtool", "check", "metrics", given=busy)
    assert (said.code, said.out, said.err) == (0, "", "")


def test_promtool_has_no_word_against_the_figures_of_oversight(api: Api) -> None:
    api.alerted_case()
    api.deployment.clock.advance(days=10)
    while api.parts.closer.run_once():
        pass
    text = api.ask("regulator", "GET", "/metrics/oversight").text
    said = run("promtool", "check", "metrics", given=text)
    assert (said.code, said.out, said.err) == (0, "", "")
    assert there(text) >= OVERSIGHT
    assert 'figure="cases_open",scope="national"' in text


def test_promtool_would_find_a_metric_that_is_named_badly(busy: str) -> None:
    said = run("promtool", "check", "metrics", given=busy.replace("pullcord_steps_overdue", "pullcord_stepsOverdue"))
    assert said.code != 0
    assert "pullcord_stepsOverdue" in said.out + said.err


def test_every_metric_that_is_asked_for_exists(busy: str) -> None:
    known = there(busy) | set(RECORDED) | OVERSIGHT
    assert [expression for expression in expressions() if named(expression) - known] == []


def test_every_figure_that_is_recorded_is_used() -> None:
    assert set(RECORDED) == {name for one in expressions() for name in named(one) if ":" in name}


def test_every_metric_is_watched_by_a_rule_or_shown_on_a_dashboard() -> None:
    asked = {name.removesuffix("_bucket") for one in expressions() for name in named(one)}
    assert asked >= DOCUMENTED
