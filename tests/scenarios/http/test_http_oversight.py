from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from math import inf
from pathlib import Path
from shutil import which
from subprocess import run
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete

from services.audit.figures.counting import Counts, add_counts
from services.audit.figures.figures import DEFINITIONS, Figure
from services.audit.figures.months import read_month
from services.audit.store import keep
from services.storage.tables import figures
from tests.support.checks.oversight import live_through_december, live_through_november
from tests.support.deployment import Deployment
from tests.support.http import CSV, Api, open_api, problem_of

FIGURES, METRICS = "/v1/oversight/figures", "/metrics/oversight"
DOCUMENTED = Path(__file__).parents[3] / "docs" / "oversight.md"
CARDIFF, BLACKPOOL = "W06000015", "E06000009"


@pytest.fixture
def api(deployment: Deployment) -> Iterator[Api]:
    # Two months are counted from events. The third has figures so large that they may be published.
    live_through_december(live_through_november(deployment))
    counts = Counts()
    for council, provider, waits in ((BLACKPOOL, "RAVN", (3, 5, 9)), (CARDIFF, "HBRT", (20, 20, 60))):
        for days in waits * 6:
            add_counts(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT, council, [provider], str(days))
    add_counts(counts, Figure.CASES_OPENED, BLACKPOOL, ["RAVN"], number=1)
    add_counts(counts, Figure.CASES_OPENED, CARDIFF, ["HBRT"], number=9)
    with deployment.store.writing() as connection:
        keep(connection, read_month("2027-01"), counts)
    with open_api(deployment) as opened:
        yield opened


def asked(api: Api, **query: str) -> Any:
    answer = api.ask("regulator", "GET", FIGURES, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def figure(answer: Any, month: str, code: Figure) -> Any:
    (one,) = [one for one in answer["months"] if one["month"] == month]
    return next(each for each in one["figures"] if each["figure"] == code)


def test_all_complete_months_are_answered_with_every_figure_and_its_definition(api: Api) -> None:
    answer = asked(api)
    assert [one["month"] for one in answer["months"]] == ["2026-11", "2026-12", "2027-01"]
    codes = [definition.figure.value for definition in DEFINITIONS]
    assert [one["figure"] for one in answer["definitions"]] == codes
    assert all([each["figure"] for each in one["figures"]] == codes for one in answer["months"])
    assert answer["withheld_below"] == 5
    assert answer["names"][BLACKPOOL] == "Blackpool"
    assert answer["names"]["RAVN"] == "Raven Telecom"


def test_a_period_is_both_its_ends_and_what_lies_between(api: Api) -> None:
    for query, months in (
        ({"from": "2026-12"}, ["2026-12", "2027-01"]),
        ({"to": "2026-12"}, ["2026-11", "2026-12"]),
        ({"from": "2026-12", "to": "2026-12"}, ["2026-12"]),
        ({"from": "2020-01", "to": "2030-12"}, ["2026-11", "2026-12", "2027-01"]),
    ):
        assert [one["month"] for one in asked(api, **query)["months"]] == months


def test_small_counts_are_withheld_and_null_is_not_nought(api: Api) -> None:
    answer = asked(api)
    assert figure(answer, "2026-11", Figure.CASES_OPENED)["total"]["count"] is None
    assert figure(answer, "2026-11", Figure.CASES_OPENED)["total"]["withheld"] is True
    assert figure(answer, "2026-11", Figure.HOLDS)["total"] == {
        "count": 0,
        "withheld": False,
        "median_days": None,
        "p90_days": None,
        "out_of": None,
        "median_band": None,
        "p90_band": None,
    }
    opened = figure(answer, "2027-01", Figure.CASES_OPENED)
    assert opened["total"]["count"] == 10
    assert [(one["key"], one["count"], one["withheld"]) for one in opened["tables"]["council"]] == [
        (BLACKPOOL, None, True),
        (CARDIFF, None, True),
    ]


def test_a_stock_that_was_not_taken_is_neither_counted_nor_withheld(api: Api) -> None:
    stock = figure(asked(api), "2027-01", Figure.REGISTER_ENTRIES)
    assert (stock["counted"], stock["total"]["count"], stock["total"]["withheld"]) == (False, None, False)


def test_waits_have_their_median_and_p90_for_the_nation_and_for_each(api: Api) -> None:
    wait = figure(asked(api), "2027-01", Figure.WAIT_TO_ACKNOWLEDGEMENT)
    total = wait["total"]
    assert (total["count"], total["median_days"], total["p90_days"], total["p90_band"]) == (
        36,
        14,
        None,
        "over_56_days",
    )
    assert {one["key"]: (one["median_days"], one["p90_band"]) for one in wait["tables"]["provider"]} == {
        "RAVN": (7, "8_to_14_days"),
        "HBRT": (28, "over_56_days"),
    }


def test_a_count_stands_beside_that_of_which_it_is_a_part(api: Api) -> None:
    answer = asked(api)
    assert {one["figure"]: one["out_of"] for one in answer["definitions"] if one["out_of"]} == {
        "migrated_unconfirmed": "post_checks_due",
        "past_date_unconfirmed": "cases_open",
        "cases_opened": "register_entries",
        "cases_open": "register_entries",
        "drills": "drills_held",
    }
    assert figure(answer, "2026-12", Figure.MIGRATED_UNCONFIRMED)["total"]["out_of"] is None
    assert figure(answer, "2026-11", Figure.MIGRATED_UNCONFIRMED)["total"]["out_of"] == 0


@pytest.mark.parametrize("how", [{"params": {"format": "csv"}}, {"headers": {"Accept": CSV}}])
def test_csv_has_a_line_for_each_count(api: Api, how: dict[str, Any]) -> None:
    answer = api.ask("regulator", "GET", FIGURES, **how)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(StringIO(answer.text)))
    documented = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`[^|]*) \|", DOCUMENTED.read_text(), re.MULTILINE)))
    assert set(lines[0]) <= set(documented)
    wanted = {"month": "2027-01", "figure": "wait_to_acknowledgement", "table": "council", "key": CARDIFF}
    (line,) = [line for line in lines if wanted.items() <= line.items()]
    assert line == wanted | {
        "count": "18",
        "withheld": "false",
        "median_days": "28",
        "p90_days": "",
        "complete": "true",
        "out_of": "",
        "median_band": "15_to_28_days",
        "p90_band": "over_56_days",
    }
    assert all((line["count"] == "") == (line["withheld"] == "true") for line in lines if line["month"] < "2027")


def test_json_is_answered_to_whoever_asks_for_it_in_so_many_words(api: Api) -> None:
    answer = api.ask("regulator", "GET", FIGURES, params={"format": "json"}, headers={"Accept": CSV})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("query", [{"from": "2027-02"}, {"to": "2026-10"}, {"from": "2027-01", "to": "2026-11"}])
def test_months_without_figures_are_not_found_and_those_there_are_named(api: Api, query: dict[str, str]) -> None:
    answer = api.ask("regulator", "GET", FIGURES, params=query)
    assert problem_of(answer) == (404, "not-found")
    assert "2026-11 to 2027-01" in answer.json()["detail"]


@pytest.mark.parametrize("query", [{"from": "2026-13"}, {"to": "November"}, {"format": "xml"}])
def test_what_is_no_month_and_no_format_is_refused(api: Api, query: dict[str, str]) -> None:
    assert problem_of(api.ask("regulator", "GET", FIGURES, params=query)) == (422, "invalid-request")


@pytest.mark.parametrize("path", [FIGURES, METRICS])
def test_only_a_regulators_key_opens_them(api: Api, path: str) -> None:
    assert problem_of(api.ask(None, "GET", path)) == (401, "unauthenticated")
    for who in ("raven", "blackpool", "operator"):
        assert problem_of(api.ask(who, "GET", path)) == (403, "forbidden")


def test_the_last_month_is_told_as_metrics(api: Api) -> None:
    answer = api.ask("regulator", "GET", METRICS)
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name.removeprefix("pullcord_oversight_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["month_timestamp_seconds",] == read_month("2027-01").begins.timestamp()
    assert samples["figure", "wait_to_acknowledgement", "national", ""] == 36
    assert samples["figure", "wait_to_acknowledgement", "kind", "3_to_7_days"] == 12
    assert samples["wait_seconds", "wait_to_acknowledgement", "0.5", "provider", "RAVN"] == 7 * 86_400
    assert samples["wait_seconds", "wait_to_acknowledgement", "0.9", "national", ""] == inf
    assert samples["withheld", "cases_opened", "council", BLACKPOOL] == 1
    assert ("figure", "cases_opened", "council", BLACKPOOL) not in samples
    assert ("figure", "register_entries", "national", "") not in samples
    assert ("withheld", "register_entries", "national", "") not in samples


def test_the_metrics_are_documented_with_their_labels_and_no_other(api: Api) -> None:
    rows = re.findall(r"^\| `(pullcord_oversight_\w+)(?:\{([\w,]+)\})?` \|", DOCUMENTED.read_text(), re.MULTILINE)
    told = text_string_to_metric_families(api.ask("regulator", "GET", METRICS).text)
    found = {family.name: {label for sample in family.samples for label in sample.labels} for family in told}
    assert {name: set(labels.split(",")) - {""} for name, labels in rows} == found


def test_promtool_has_no_word_against_them(api: Api) -> None:
    promtool = which("promtool")
    assert promtool, "run scripts/install/prometheus.sh, which installs it"
    text = api.ask("regulator", "GET", METRICS).text
    said = run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_before_the_first_month_is_over_there_are_no_figures(api: Api) -> None:
    with api.deployment.store.writing() as connection:
        connection.execute(delete(figures))
    answer = api.ask("regulator", "GET", FIGURES)
    assert problem_of(answer) == (404, "not-found")
    assert "none is complete yet" in answer.json()["detail"]
    told = text_string_to_metric_families(api.ask("regulator", "GET", METRICS).text)
    assert [sample for family in told for sample in family.samples] == []


def test_the_commands_of_the_guide_are_answered(api: Api) -> None:
    commands = re.findall(
        r'^curl "\$PULLCORD([^"]+)" -H "Authorization: Bearer \$REGULATOR_KEY"$', DOCUMENTED.read_text(), re.MULTILINE
    )
    assert len(commands) == 3
    assert [api.ask("regulator", "GET", path.replace("2026-10", "2026-11")).status_code for path in commands] == [
        200
    ] * 3
