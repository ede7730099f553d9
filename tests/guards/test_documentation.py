from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import services.runtime.kafka.relay_supervisor
import services.watchdog.metrics  # noqa: F401 - their metrics are documented with the others
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.settings import Settings
from services.storage.tables import metadata
from tests.support.checks.source import ROOT, documents, name_of
from tests.support.deployment import Deployment
from tests.support.http import ENTRIES, ENTRY, open_api

DATA_PROTECTION = (ROOT / "docs" / "data-protection.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
METRICS = (ROOT / "docs" / "reference" / "metrics.md").read_text()
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SETTING_ROW = re.compile(r"^\| `PULLCORD_(\w+)` \| (?:`([^`]*)`)? ?\|", re.MULTILINE)
METRIC_ROW = re.compile(r"^\| `(pullcord_\w+)` \| ([^|]*)\|", re.MULTILINE)
UNITS = ("_seconds", "_bytes", "_ratio")
LABELS = frozenset(
    [
        "kind",
        "channel",
        "outcome",
        "way",
        "state",
        "level",
        "feed",
        "consumer",
        "route",
        "method",
        "status",
        "le",
        "loop",
    ]
)

SETTINGS = {name.upper(): field for name, field in Settings.model_fields.items()} | {
    f"KAFKA_{name.upper()}": field for name, field in KafkaSettings.model_fields.items()
}


@pytest.fixture
def families(deployment: Deployment) -> list[Metric]:
    # An entry, an alert and an acknowledgement come first.
    with open_api(deployment) as api:
        api.ask("blackpool", "PUT", ENTRIES, json=ENTRY)
        _, alert, _ = api.alerted_case()
        api.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json={"by": "Asha Patel"})
        text = api.ask("operator", "GET", "/metrics").text
    every = text_string_to_metric_families(text)
    return [one for one in every if one.name.startswith("pullcord_") and not one.name.endswith("_created")]


def exposed(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_every_setting_is_documented_with_its_default_and_no_other() -> None:
    documented = dict(SETTING_ROW.findall(OPERATIONS))
    assert set(documented) == set(SETTINGS)
    for name, field in SETTINGS.items():
        default = {None: "", (): "[]"}.get(field.default, str(field.default))
        assert documented[name] == default, name


def test_every_setting_that_a_page_names_exists() -> None:
    known = {f"PULLCORD_{name}" for name in SETTINGS} | {
        "PULLCORD_ENV_FILE",
        "PULLCORD_TEST_INTERLEAVINGS",
        "PULLCORD_TEST_KILLS",
        "PULLCORD_TEST_MONTHS",
        "PULLCORD_TEST_SEED",
        "PULLCORD_KAFKA",
        "PULLCORD_CHAOS_SEED",
        "PULLCORD_CHAOS_ROUNDS",
    }
    for page in documents():
        named = set(re.findall(r"PULLCORD_[A-Z][A-Z_]*[A-Z]", page.read_text()))
        assert named - known == set(), name_of(page)


def test_every_metric_is_documented_with_its_labels_and_no_other(families: list[Metric]) -> None:
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in METRIC_ROW.findall(METRICS)}
    assert set(documented) == {exposed(family) for family in families}
    for family in families:
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == documented[exposed(family)], family.name


def test_every_metric_is_named_by_the_convention(families: list[Metric]) -> None:
    for family in families:
        assert re.fullmatch(r"pullcord_[a-z]+(_[a-z]+)*", exposed(family)), family.name
        assert family.documentation.endswith("."), family.name
        assert (family.type == "counter") == exposed(family).endswith("_total"), family.name
        measured = re.match(r"(Age|Time|Bytes)\b", family.documentation) is not None
        assert measured == exposed(family).endswith(UNITS), family.name


def test_no_label_could_name_somebody(families: list[Metric]) -> None:
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    assert labels <= LABELS


@pytest.mark.parametrize("page", documents(), ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in {_anchor(heading) for heading in HEADING.findall(target.read_text())}, link


@pytest.mark.parametrize("page", documents(), ids=name_of)
def test_every_page_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`((?:docs|services|schemas|samples|scripts|tests|benchmarks)/[\w./-]*)`", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


STEP = re.compile(r"^\d+\. `(?P<path>[\w/.]+)`: `(?P<name>\w+)`", re.MULTILINE)


def test_the_way_of_a_notice_names_functions_that_are_there_in_at_most_25_steps() -> None:
    steps = STEP.findall((ROOT / "docs" / "architecture.md").read_text())
    assert 20 <= len(steps) <= 25
    missing = [one for one in steps if not re.search(rf"def {one[1]}\(", (ROOT / one[0]).read_text())]
    assert missing == []


def test_every_table_is_where_it_is_said_what_is_held_of_people() -> None:
    what_is_stored = DATA_PROTECTION.partition("## What is stored")[2].partition("Elsewhere:")[0]
    named = set(re.findall(r"`(\w+)`", what_is_stored))
    assert [table for table in metadata.tables if table not in named] == []


def test_every_test_that_a_page_names_exists() -> None:
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    named = {
        (page.name, one)
        for page in (ROOT / "docs").rglob("*.md")
        for one in re.findall(r"`(?:[\w/]+/)?(test_\w+\.py)`", page.read_text("utf-8"))
    }
    assert named
    assert [one for one in sorted(named) if one[1] not in files] == []
