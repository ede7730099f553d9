from __future__ import annotations

import pytest
import yaml

from tests.monitoring.tools import ALERTS, FOLDER, RULES, run

ALERTMANAGER = FOLDER / "alertmanager.yaml"
RECEIVERS = {"critical": "on-call", "warning": "desk", "none": "heartbeat"}


def test_promtool_takes_the_sample_for_prometheus_which_names_the_rules() -> None:
    sample = FOLDER / "prometheus.yaml"
    said = run("promtool", "check", "config", "--syntax-only", sample)
    assert (said.code, said.err) == (0, "")
    assert yaml.safe_load(sample.read_text())["rule_files"] == [RULES.name]


def test_amtool_takes_the_sample_for_alertmanager() -> None:
    said = run("amtool", "check-config", ALERTMANAGER)
    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_goes_to_whom_its_severity_says(name: str) -> None:
    severity = ALERTS[name]["labels"]["severity"]
    labels = (f"alertname={name}", f"severity={severity}", "job=pullcord")
    said = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert said.code == 0
    assert said.out.strip() == RECEIVERS[severity]


def test_only_an_alert_that_exists_is_left_unsaid_for_one_that_exists() -> None:
    for rule in yaml.safe_load(ALERTMANAGER.read_text())["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, _, value = matcher.partition("=")
            assert label == "alertname"
            assert value.strip('"') in ALERTS


def test_the_sample_scrapes_under_the_name_that_the_rules_look_for() -> None:
    jobs = [job["job_name"] for job in yaml.safe_load((FOLDER / "prometheus.yaml").read_text())["scrape_configs"]]
    assert jobs == ["pullcord", "pullcord-oversight"]
    assert ALERTS["PullcordProcessDown"]["expr"] == 'up{job=~".*pullcord"} == 0'
