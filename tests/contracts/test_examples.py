from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.base import Schema
from schemas.canary import Canary
from schemas.envelope import decode, encode
from schemas.events import EVENT_TYPES
from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from tests.support.checks.examples import EXAMPLES, examples, fits, label, published, schema_name, schema_of

RECORDS: dict[str, type[Schema]] = {
    "migration_notice": MigrationNotice,
    "register_entry": RegisterEntry,
    "canary": Canary,
}
EVENTS = {data.event_name: data for data in EVENT_TYPES.values()}
VALID, INVALID = examples("valid"), examples("invalid")


def read(path: Path) -> Schema:
    record = RECORDS.get(schema_name(path))
    return record.model_validate_json(path.read_bytes()) if record else decode(path.read_bytes())


@pytest.mark.parametrize("path", VALID, ids=label)
def test_a_valid_example_is_valid_here_and_to_whoever_holds_the_schema(path: Path) -> None:
    assert read(path)
    assert fits(schema_of(schema_name(path)), json.loads(path.read_text()))


@pytest.mark.parametrize("path", INVALID, ids=label)
def test_an_invalid_example_is_refused_here_and_by_whoever_holds_the_schema(path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(path)
    assert not fits(schema_of(schema_name(path)), json.loads(path.read_text()))


@pytest.mark.parametrize("name", [*RECORDS, *EVENTS])
def test_each_schema_has_an_example_of_each_kind(name: str) -> None:
    assert list((EXAMPLES / name / "valid").glob("*.json"))
    assert len(list((EXAMPLES / name / "invalid").rglob("*.json"))) >= 3


def test_there_are_no_examples_of_what_does_not_exist() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == {*RECORDS, *EVENTS}


@pytest.mark.parametrize("path", [path for path in VALID if schema_name(path) in EVENTS], ids=label)
def test_the_data_of_an_event_fits_the_schema_of_its_own(path: Path) -> None:
    event = json.loads(path.read_text())
    data_type = EVENT_TYPES[event["type"]]
    schema = published(f"events/{data_type.event_name}.v{data_type.event_version}.schema.json")
    assert data_type.event_name == schema_name(path)
    assert fits(schema, event["data"])


@pytest.mark.parametrize("path", [path for path in VALID if schema_name(path) in EVENTS], ids=label)
def test_an_event_survives_being_written_and_read(path: Path) -> None:
    event = decode(path.read_bytes())
    assert decode(encode(event)) == event
    assert encode(decode(encode(event))) == encode(event)


@pytest.mark.parametrize("path", [path for path in VALID if schema_name(path) in EVENTS], ids=label)
def test_what_is_written_fits_the_published_schema(path: Path) -> None:
    written = encode(decode(path.read_bytes()))
    assert fits(published("event.schema.json"), json.loads(written))
