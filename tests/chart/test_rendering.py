from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import helm_python
import kubernetes_validate
import pytest
import yaml

from scripts.chart import BEGIN, CHART, END, documented, drift, made, table
from tests.chart.charts import CASES, ROLES, released, render
from tests.support.checks.source import ROOT

# The oldest Kubernetes that the chart supports, one in between, and the newest.
VERSIONS = ("1.33", "1.35", "1.37")

# API groups that are no part of Kubernetes. Their objects are tested one by one.
OPERATORS = frozenset(["keda.sh", "kafka.strimzi.io", "monitoring.coreos.com", "gateway.networking.k8s.io"])

ABOUT = yaml.safe_load((CHART / "Chart.yaml").read_text())
README = (CHART / "README.md").read_text()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", VERSIONS)
def test_helm_has_nothing_to_say_about_it(case: str, version: str) -> None:
    values = yaml.safe_load(CASES[case].read_text())
    report = helm_python.lint(CHART, values, strict=True, kube_version=f"v{version}.0")
    assert (report["messages"], report["errors"]) == ([], [])


def test_helm_has_nothing_to_say_about_the_defaults() -> None:
    report = helm_python.lint(CHART, strict=True)
    assert (report["messages"], report["errors"]) == ([], [])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(case: str, version: str) -> None:
    own = [one for one in released(case).objects if one["apiVersion"].partition("/")[0] not in OPERATORS]
    assert [kubernetes_validate.validate(one, version, strict=True) for one in own] == [version] * len(own)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_field_kubernetes_does_not_know_would_be_found() -> None:
    service = released("embedded").one("Service", "")
    wrong = {**service, "spec": {**service["spec"], "selektor": {}}}
    with pytest.raises(kubernetes_validate.ValidationError, match="selektor"):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_every_case_is_looked_at() -> None:
    assert set(CASES) == set(ROLES)


@pytest.mark.parametrize("case", CASES)
def test_no_two_objects_have_the_same_name(case: str) -> None:
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in released(case).objects]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", CASES)
def test_every_name_fits_with_the_longest_release_name(case: str) -> None:
    values = {**yaml.safe_load(CASES[case].read_text()), "fullnameOverride": "x" * 253}
    for one in render(values).objects:
        # A StatefulSet's pods carry its name and the hash of a revision in one label.
        longest = 63 - len("-0123456789") if one["kind"] == "StatefulSet" else 63
        assert len(one["metadata"]["name"]) <= longest, one["kind"]


def test_the_oldest_kubernetes_is_the_one_it_is_checked_against() -> None:
    assert ABOUT["kubeVersion"] == f">={VERSIONS[0]}.0-0"
    assert f"Kubernetes {VERSIONS[0]} or later" in README


def test_the_chart_is_of_the_version_of_the_application() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert ABOUT["appVersion"] == newest[1]


def test_its_copies_and_its_table_of_values_are_as_their_sources_have_them() -> None:
    assert drift() == [], "run `python -m scripts.chart`"


def test_the_topics_are_copied_and_the_values_are_in_the_readme() -> None:
    assert {"topics.yaml", "README.md"} <= {path.name for path in made()}
    rows = table((CHART / "values.yaml").read_text())
    assert '| `mode` | `"embedded"` | ' in rows
    assert README.partition(BEGIN)[2].partition(END)[0].strip() == rows


def test_a_file_that_differs_is_named(tmp_path: Path) -> None:
    for name in ("values.yaml", *(str(path.relative_to(CHART)) for path in made())):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text((CHART / name).read_text())
    assert drift(tmp_path) == []
    (tmp_path / "files/topics.yaml").write_text("topics: []\n")
    (tmp_path / "values.yaml").write_text("# -- Which way.\nmode: other\n")
    assert [path.name for path in drift(tmp_path)] == ["README.md", "topics.yaml"]


def leaves(values: object, path: str = "") -> Iterator[str]:
    # A leaf contains no other value.
    if isinstance(values, dict) and values:
        for name, inner in values.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path


def test_every_value_has_a_meaning() -> None:
    text = (CHART / "values.yaml").read_text()
    meanings = [value.path for value in documented(text)]
    assert len(meanings) == len(set(meanings))
    bare = [
        leaf
        for leaf in leaves(yaml.safe_load(text))
        if not f"{leaf}.".startswith(tuple(f"{path}." for path in meanings))
    ]
    assert bare == []


def _shown() -> list[dict[str, object]]:
    blocks = [
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "\n---" not in block
    ]
    embedded, *others = [block for block in blocks if "apiVersion" not in block]
    together: dict[str, object] = {"publicUrl": "https://pullcord.example", "networkPolicy": {}}
    for block in others:
        policy = {**together["networkPolicy"], **block.pop("networkPolicy", {})}  # type: ignore[dict-item]
        together |= block | {"networkPolicy": policy}
    return [embedded, together]


def test_the_values_that_the_readme_shows_install() -> None:
    embedded, distributed = (render(values) for values in _shown())
    assert set(embedded.workloads) == set(ROLES["embedded"])
    assert set(distributed.workloads) == set(ROLES["distributed"])
    assert distributed.of("KafkaTopic")
