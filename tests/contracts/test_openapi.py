from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scripts.publish_schemas import PUBLISHED
from services.alerts.case.acts import PEOPLES_ACTS
from services.alerts.states.records import RECORD_FOR
from services.runtime.description.examples import BODIES

DESCRIBED: dict[str, Any] = json.loads((PUBLISHED / "openapi.json").read_text())
SCHEMAS: dict[str, Any] = DESCRIBED["components"]["schemas"]
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation for methods in DESCRIBED["paths"].values() for operation in methods.values()
}


def fits(schema: dict[str, Any], value: Any) -> bool:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": {"schemas": SCHEMAS}, **schema}
    return bool(Draft202012Validator(whole).is_valid(value))


def everything(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from everything(one)


def test_every_operation_has_an_id_that_a_client_can_name_a_function_by() -> None:
    assert len(OPERATIONS) == sum(len(methods) for methods in DESCRIBED["paths"].values())
    assert [name for name in OPERATIONS if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_every_reference_leads_to_something() -> None:
    for one in everything(DESCRIBED):
        if "$ref" in one:
            found: Any = DESCRIBED
            for part in one["$ref"].removeprefix("#/").split("/"):
                assert part in found, one["$ref"]
                found = found[part]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_is_a_named_problem_and_every_answer_has_its_headers(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    assert {"401", "403", "422", "500", "503"} <= responses.keys()
    for status, response in responses.items():
        assert "X-Request-Id" in response["headers"]
        if int(status) >= 400:
            schema = response["content"]["application/problem+json"]["schema"]
            names = [one["$ref"].rpartition("/")[2] for one in schema.get("anyOf", [schema])]
            assert all(one.endswith("Problem") for one in names)
    assert all("Retry-After" in responses[status]["headers"] for status in ("429", "503") if status in responses)
    assert "WWW-Authenticate" in responses["401"]["headers"]
    assert "202" not in responses or "Location" in responses["202"]["headers"]


def test_problems_with_members_of_their_own_are_named() -> None:
    def of(operation: str, status: str) -> set[str]:
        schema = OPERATIONS[operation]["responses"][status]["content"]["application/problem+json"]["schema"]
        return {one["$ref"].rpartition("/")[2] for one in schema.get("anyOf", [schema])}

    assert of("post_notices", "422") == {"NoRowAcceptedProblem", "InvalidRequestProblem"}
    assert of("upload_register", "422") == {"NoRowAcceptedProblem", "FileRefusedProblem", "InvalidRequestProblem"}
    assert of("upload_register", "409") == {"ReplacementTooLargeProblem"}
    assert of("record_act", "409") == {"ActRefusedProblem"}
    assert of("put_entries", "413") == {"TooLargeProblem"}


def test_each_act_has_the_schema_of_its_record() -> None:
    body = SCHEMAS["ActBody"]
    assert body["discriminator"]["mapping"].keys() == {event.value for event in PEOPLES_ACTS}
    for event in PEOPLES_ACTS:
        act = SCHEMAS[body["discriminator"]["mapping"][event.value].rpartition("/")[2]]
        record = act["properties"]["record"]["$ref"].rpartition("/")[2]
        assert record == RECORD_FOR[event].__name__
        assert set(SCHEMAS[record]["properties"]) == set(RECORD_FOR[event].model_fields)


ACT = {"$ref": "#/components/schemas/ActBody"}
VISIT: dict[str, Any] = {"event": "book_visit", "record": {"by": "Asha Patel", "visit_on": "2026-11-26"}}


@pytest.mark.parametrize(
    "act",
    [
        {**VISIT, "event": "pass_test"},
        {**VISIT, "event": "restrict_line"},
        {**VISIT, "more": 1},
        {**VISIT, "record": {"visit_on": "2026-11-26"}},
        {**VISIT, "record": {**VISIT["record"], "kind": "digital"}},
    ],
)
def test_an_act_with_the_record_of_another_does_not_fit(act: dict[str, Any]) -> None:
    assert fits(ACT, VISIT)
    assert not fits(ACT, act)


@given(event=st.sampled_from(PEOPLES_ACTS), other=st.sampled_from(PEOPLES_ACTS), data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_fields_of_a_record_belong_to_its_act_alone(event: Any, other: Any, data: st.DataObject) -> None:
    needed = [name for name, field in RECORD_FOR[other].model_fields.items() if field.is_required()]
    known = RECORD_FOR[event].model_fields
    foreign = [name for name in needed if name not in known]
    if foreign:
        name = data.draw(st.sampled_from(foreign))
        assert not fits(ACT, {"event": event.value, "record": {"by": "Asha Patel", name: "2026-11-26"}})


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_fits_its_schema(name: str) -> None:
    operation = OPERATIONS[name]
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for content in body.get("content", {}).values():
            named = [one["value"] for one in content.get("examples", {}).values()]
            for example in [*named, *([content["example"]] if "example" in content else [])]:
                assert fits(content["schema"], example), example


def test_every_body_that_is_sent_has_an_example() -> None:
    assert {name for name, operation in OPERATIONS.items() if "requestBody" in operation} == BODIES.keys()


def test_files_and_lines_are_described_as_they_are_sent() -> None:
    for name in ("upload_notices", "upload_register"):
        media = OPERATIONS[name]["requestBody"]["content"]
        assert {one["schema"]["format"] for one in media.values()} == {"binary"}
        assert len(media) == 2
    for name in ("post_notices", "put_entries"):
        assert OPERATIONS[name]["requestBody"]["content"].keys() == {"application/json", "application/x-ndjson"}


def test_every_link_leads_to_an_operation_and_one_of_its_parameters() -> None:
    links = [
        link
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) >= 8
    for link in links:
        parameters = {one["name"] for one in OPERATIONS[link["operationId"]]["parameters"]}
        assert link["parameters"].keys() <= parameters


def test_lists_have_a_cursor_and_a_link_to_the_next_page() -> None:
    for name in ("list_cases", "get_submission", "list_mappings", "list_matches", "list_history", "figures"):
        assert "cursor" in {one["name"] for one in OPERATIONS[name]["parameters"]}
        assert "Link" in OPERATIONS[name]["responses"]["200"]["headers"]


def test_every_answer_that_is_a_list_is_read_by_pages() -> None:
    for methods in DESCRIBED["paths"].values():
        for operation in methods.values():
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
            if content.get("schema", {}).get("type") == "array":
                assert {"cursor", "limit"} <= {one["name"] for one in operation["parameters"]}, operation["operationId"]


def test_no_field_that_can_be_left_out_has_a_default_that_generators_take_for_required() -> None:
    sent = [SCHEMAS[name] for name in ("MigrationNotice", "RegisterEntry", "ConfirmSafe", "AcknowledgementBody")]
    assert not any("default" in field for schema in sent for field in schema["properties"].values())
