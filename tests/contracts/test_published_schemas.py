from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.events import CHUNK, EVENT_TYPES
from scripts.publish_schemas import PUBLISHED, drift, main, published, write
from tests.support.checks.examples import EXAMPLES, fits
from tests.support.checks.examples import published as document


def test_what_is_published_is_what_this_version_makes() -> None:
    assert drift() == [], "run `make schemas`"


def test_every_published_schema_is_a_schema() -> None:
    for path in PUBLISHED.rglob("*.schema.json"):
        Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_publishing_twice_gives_the_same_text() -> None:
    assert published() == published()


def test_a_changed_a_missing_and_a_left_over_file_are_drift(tmp_path: Path) -> None:
    write(tmp_path)
    assert drift(tmp_path) == []
    (tmp_path / "openapi.json").write_text("{}")
    (tmp_path / "event.schema.json").unlink()
    (tmp_path / "events" / "left_over.v1.schema.json").write_text("{}")
    assert drift(tmp_path) == ["event.schema.json", "events/left_over.v1.schema.json", "openapi.json"]
    write(tmp_path)
    assert drift(tmp_path) == []


def test_the_check_says_which_file_to_write_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"]) == 0
    monkeypatch.setattr("scripts.publish_schemas.drift", lambda: ["openapi.json"])
    assert main(["--check"]) == 1
    assert "schemas/published/openapi.json" in capsys.readouterr().out


def test_an_event_with_more_records_than_a_chunk_holds_fits_no_schema() -> None:
    event = json.loads((EXAMPLES / "notices_reconsidered" / "valid" / "one_superseded.json").read_text())
    event["data"]["records"] *= CHUNK
    assert fits(document("event.schema.json"), event)
    event["data"]["records"] += event["data"]["records"][:1]
    assert not fits(document("event.schema.json"), event)


@pytest.mark.parametrize("type_", sorted(EVENT_TYPES))
def test_no_text_in_an_event_can_hold_a_telephone_number_an_address_or_a_name(type_: str) -> None:
    event = document("event.schema.json")
    data = event["$defs"][EVENT_TYPES[type_].__name__]
    loose = [text for text in _texts(data, event["$defs"]) if not _can_name_nobody(text)]
    assert loose == []


def test_no_text_of_an_envelope_can_hold_one_either() -> None:
    event = document("event.schema.json")
    names = event["properties"].keys() - {"data"}
    assert [name for name in names if not _can_name_nobody(event["properties"][name])] == []


def _texts(schema: Any, definitions: dict[str, Any]) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [text for one in schema for text in _texts(one, definitions)]
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return _texts(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    own = [schema] if schema.get("type") == "string" else []
    return own + [text for one in schema.values() for text in _texts(one, definitions)]


def _can_name_nobody(text: dict[str, Any]) -> bool:
    if text.keys() & {"enum", "const", "format"}:
        return True
    named = ["01632960123", "+441632960123", "01632 960123", "18 Example Road", "Asha Patel", "FY3 8AB", "100012345678"]
    return "pattern" in text and not any(fits(text, value) for value in named)
