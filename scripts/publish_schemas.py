"""Writes the files in `schemas/published`. Run `python -m scripts.publish_schemas`.

`--check` writes no file, and exits with 1 if a file is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.base import Schema
from schemas.canary import Canary
from schemas.envelope import Envelope
from schemas.events import EVENT_TYPES, EventData
from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from services.core.tokens import Tokeniser
from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts
from services.runtime.settings import Settings
from services.storage.database.engine import make_engine
from services.storage.store import Store
from services.storage.vault import Vault

PUBLISHED = Path(__file__).parents[1] / "schemas" / "published"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
API_VERSION = "v1"


def published() -> dict[str, str]:
    documents: dict[str, Mapping[str, Any]] = {
        "migration_notice.schema.json": _schema("migration_notice", MigrationNotice),
        "register_entry.schema.json": _schema("register_entry", RegisterEntry),
        "event.schema.json": event_schema(),
        "canary.schema.json": _schema("canary", Canary),
        "openapi.json": openapi(),
    }
    documents |= {f"events/{_name(data)}.schema.json": _schema(_name(data), data) for data in EVENT_TYPES.values()}
    return {path: _text(document) for path, document in documents.items()}


def drift(folder: Path = PUBLISHED) -> list[str]:
    made = published()
    there = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.json")}
    return sorted(path for path in made | there if made.get(path) != there.get(path))


def write(folder: Path = PUBLISHED) -> None:
    # A schema that no model makes any more is deleted, because integrators would still read it.
    made = published()
    for path in folder.rglob("*.json"):
        if path.relative_to(folder).as_posix() not in made:
            path.unlink()
    for name, text in made.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def event_schema() -> dict[str, Any]:
    # `type` decides which data the envelope holds. Fields with a default are required in messages.
    schema = _schema("event", Envelope)
    definitions: dict[str, Any] = {}
    for data in EVENT_TYPES.values():
        own = data.model_json_schema()
        definitions |= own.pop("$defs", {}) | {data.__name__: own}
    schema["$defs"] = definitions
    schema["properties"]["type"] = {"enum": sorted(EVENT_TYPES), "title": "Type"}
    # `oneOf` lists the possible contents of `data`, one branch for each type.
    schema["properties"]["data"] = {"type": "object"}
    schema["required"] = sorted(schema["properties"])
    schema["oneOf"] = [_of_type(type_, data) for type_, data in EVENT_TYPES.items()]
    return schema


def openapi() -> dict[str, Any]:
    # The version of the API, not of the release, because a new release does not change clients.
    store = Store(make_engine("sqlite://"), Vault({"k1": bytes(32)}, "k1"), Tokeniser(bytes(32)))
    parts = make_parts(Settings(_env_file=None), store)
    described: dict[str, Any] = make_app(parts).openapi()
    parts.pool.close(1)
    store.engine.dispose()
    return {**described, "info": {**described["info"], "version": API_VERSION}}


def _schema(name: str, model: type[Schema]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": f"urn:pullcord:schema:{name}", **model.model_json_schema()}


def _of_type(type_: str, data: type[EventData]) -> dict[str, Any]:
    return {"properties": {"type": {"const": type_}, "data": {"$ref": f"#/$defs/{data.__name__}"}}}


def _name(data: type[EventData]) -> str:
    return f"{data.event_name}.v{data.event_version}"


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        write()
        return 0
    changed = drift()
    for path in changed:
        print(f"schemas/published/{path} is not what this version publishes: run `make schemas`")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
