from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from services.alerts.case.acts import PEOPLES_ACTS
from services.alerts.states.records import RECORD_FOR

AddModel = Callable[[dict[str, Any], type[BaseModel]], None]


def describe_acts(schemas: dict[str, Any], add_model: AddModel) -> None:
    description = schemas["ActBody"]["description"]
    mapping: dict[str, str] = {}
    for event in PEOPLES_ACTS:
        record = RECORD_FOR[event]
        add_model(schemas, record)
        name = "".join(word.capitalize() for word in event.value.split("_")) + "Act"
        schemas[name] = _act(name, event.value, record.__name__)
        mapping[event.value] = f"#/components/schemas/{name}"
    schemas["ActBody"] = {
        "title": "ActBody",
        "description": description,
        "oneOf": [{"$ref": where} for where in mapping.values()],
        "discriminator": {"propertyName": "event", "mapping": mapping},
    }


def _act(name: str, event: str, record: str) -> dict[str, Any]:
    return {
        "title": name,
        "type": "object",
        "properties": {
            "event": {"const": event, "title": "Event", "type": "string"},
            "record": {"$ref": f"#/components/schemas/{record}"},
        },
        "required": ["event", "record"],
        "additionalProperties": False,
    }
