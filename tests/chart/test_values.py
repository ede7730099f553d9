from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml
from annotated_types import Ge, Gt, Le

from services.runtime.settings import Settings
from tests.chart.charts import CASES, CHART, changed, render, values_of

DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = helm_python.Chart.load(CHART).schema or {}

REFUSALS: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text())
SENTENCE = re.compile(r'append \$faults \(?(?:printf )?"((?:[^"\\]|\\.)*)"')


def wrong(case: str, path: str, value: object) -> str:
    with pytest.raises(helm_python.HelmError) as refused:
        render(changed(case, path, value))
    return str(refused.value)


def named(one: dict[str, Any]) -> str:
    return f"{one['path']}={one['value']}"


@pytest.mark.parametrize("one", REFUSALS["form"], ids=named)
def test_a_value_of_the_wrong_form_is_refused_with_its_place(one: dict[str, Any]) -> None:
    assert one["said"] in wrong("embedded", one["path"], one["value"])


@pytest.mark.parametrize("one", REFUSALS["sense"], ids=named)
def test_a_value_that_makes_no_sense_is_refused_in_a_sentence(one: dict[str, Any]) -> None:
    assert one["said"] in wrong(one["case"], one["path"], one["value"]).splitlines()


def test_every_sentence_of_the_chart_is_heard_in_a_test() -> None:
    source = (CHART / "templates" / "_validate.tpl").read_text()
    sentences = SENTENCE.findall(source)
    assert len(sentences) == source.count("append $faults")
    for sentence in sentences:
        pattern = re.sub(r"%[a-z]", ".+", re.escape(sentence))
        assert any(re.fullmatch(pattern, one["said"]) for one in REFUSALS["sense"]), sentence


def test_all_faults_are_said_at_once() -> None:
    said = wrong("embedded", "mode", "distributed")
    for name in ("kafka.brokers", "kafka.sasl.username", "networkPolicy.databaseTo", "networkPolicy.kafkaTo"):
        assert f"{name} is empty" in said


def test_the_defaults_ask_for_what_nobody_can_guess() -> None:
    with pytest.raises(helm_python.HelmRenderError, match="publicUrl is empty"):
        render({})


@pytest.mark.parametrize("case", CASES)
def test_the_values_that_stay_with_the_chart_are_taken(case: str) -> None:
    assert render(values_of(case)).objects


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [part for part in schema.values() if isinstance(part, dict)]
    inner += [part for parts in schema.values() if isinstance(parts, list) for part in parts if isinstance(part, dict)]
    return [
        *([schema] if schema.get("type") == "object" else []),
        *(found for part in inner for found in objects(part)),
    ]


def test_no_object_takes_what_nobody_has_named() -> None:
    # All consumers have the same schema. The chart refuses an unknown consumer with a sentence.
    closed = (False, {"$ref": "#/$defs/consumer"})
    free = [one for one in objects(SCHEMA) if "properties" in one and one.get("additionalProperties") not in closed]
    assert free == [SCHEMA["properties"]["global"]]


def test_the_schema_knows_the_values_there_are_and_no_others() -> None:
    def compare(values: dict[str, Any], schema: dict[str, Any], path: str) -> None:
        assert values.keys() == schema["properties"].keys(), path
        for name, inner in schema["properties"].items():
            if "properties" in inner and values[name]:
                compare(values[name], inner, f"{path}.{name}")

    compare(DEFAULTS, SCHEMA, "")


def test_a_chart_above_may_share_values_with_this_one() -> None:
    assert render({**values_of("embedded"), "global": {"anything": True}}).objects


# A pod sees all cores of its node, so their number is no default there.
OF_THE_CHART = {"readers": 2}


@pytest.mark.parametrize("name", DEFAULTS["settings"])
def test_a_setting_has_the_default_and_the_bounds_of_the_product(name: str) -> None:
    field = Settings.model_fields["".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)]
    schema = SCHEMA["properties"]["settings"]["properties"][name]
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    assert DEFAULTS["settings"][name] == OF_THE_CHART.get(name, default)
    kinds = {Ge: "minimum", Gt: "exclusiveMinimum", Le: "maximum"}
    bounds = {kinds[type(one)]: one for one in field.metadata if type(one) in kinds}
    expected = {word: next(iter(vars_of(one))) for word, one in bounds.items()}
    assert {word: schema[word] for word in kinds.values() if word in schema} == expected


def vars_of(bound: Ge | Gt | Le) -> tuple[Any]:
    return (getattr(bound, type(bound).__name__.lower()),)


def test_what_is_wanting_is_said_after_an_install() -> None:
    silent, loud = render(values_of("distributed-everything")).notes, render(values_of("distributed")).notes
    assert "WARNING" not in silent
    assert loud.count("WARNING") == 2
    assert "When a council has nobody who can be told, nobody will be." in loud
    assert "neither ingress nor gateway is enabled" in loud
