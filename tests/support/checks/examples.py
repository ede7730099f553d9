"""The examples beside the schemas, and the check that an integrator would make of them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = Path(__file__).parents[3] / "schemas"
EXAMPLES = SCHEMAS / "examples"
FORMATS = FormatChecker(["date"])


@FORMATS.checks("date-time", raises=ValueError)
def _has_an_offset(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def examples(kind: str) -> list[Path]:
    """Every `valid` or `invalid` example, of notices, entries and events alike."""
    return sorted(EXAMPLES.glob(f"*/{kind}/*.json"))


def label(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.stem}"


def published(path: str) -> dict[str, Any]:
    """A published document."""
    found: dict[str, Any] = json.loads((SCHEMAS / "published" / path).read_text())
    return found


def schema_of(name: str) -> dict[str, Any]:
    """The published schema that the examples of a folder are written to: events are written whole."""
    own = SCHEMAS / "published" / f"{name}.schema.json"
    return published(own.name if own.exists() else "event.schema.json")


def fits(schema: dict[str, Any], value: object) -> bool:
    """Whether a value is valid under a published schema, formats included."""
    return Draft202012Validator(schema, format_checker=FORMATS).is_valid(value)
