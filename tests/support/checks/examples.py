from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = Path(__file__).parents[3] / "schemas"
EXAMPLES = SCHEMAS / "examples"
FORMATS = FormatChecker(["date"])


def _has_an_offset(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


# Called as a function, because the library has no types: a decorator would remove the types of the function.
FORMATS.checks("date-time", raises=ValueError)(_has_an_offset)


def examples(kind: str) -> list[Path]:
    return sorted(EXAMPLES.glob(f"*/{kind}/**/*.json"))


def schema_name(path: Path) -> str:
    # The example is in a folder with the name of its schema.
    return path.relative_to(EXAMPLES).parts[0]


def label(path: Path) -> str:
    return f"{schema_name(path)}-{path.stem}"


def published(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / "published" / path).read_text())
    return found


def schema_of(name: str) -> dict[str, Any]:
    # An event is stored with its envelope, so all events share one schema.
    own = SCHEMAS / "published" / f"{name}.schema.json"
    return published(own.name if own.exists() else "event.schema.json")


def fits(schema: dict[str, Any], value: object) -> bool:
    # JSON Schema checks no formats by default, so a checker for formats is passed.
    return bool(Draft202012Validator(schema, format_checker=FORMATS).is_valid(value))
