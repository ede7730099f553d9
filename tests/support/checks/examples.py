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


def _has_an_offset(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


# The library has no types: as a decorator it would take those of the function away.
FORMATS.checks("date-time", raises=ValueError)(_has_an_offset)


def examples(kind: str) -> list[Path]:
    return sorted(EXAMPLES.glob(f"*/{kind}/**/*.json"))


def schema_name(path: Path) -> str:
    """Return the name of the schema whose example a file is: its folder below `examples`."""
    return path.relative_to(EXAMPLES).parts[0]


def label(path: Path) -> str:
    return f"{schema_name(path)}-{path.stem}"


def published(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / "published" / path).read_text())
    return found


def schema_of(name: str) -> dict[str, Any]:
    # Events are stored whole, in their envelope: they share one schema.
    own = SCHEMAS / "published" / f"{name}.schema.json"
    return published(own.name if own.exists() else "event.schema.json")


def fits(schema: dict[str, Any], value: object) -> bool:
    # Formats are checked too: JSON Schema leaves them out by default.
    return bool(Draft202012Validator(schema, format_checker=FORMATS).is_valid(value))
