from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from services.ingest.row_bodies import EntryBatch, NoticeBatch
from services.runtime.description.acts import describe_acts
from services.runtime.description.examples import describe_examples
from services.runtime.description.headers import describe_headers
from services.runtime.description.links import describe_links
from services.web.problem_schemas import problem_models

# Path, method and operation.
Operations = Iterator[dict[str, Any]]


def describe(app: FastAPI) -> None:
    made = app.openapi

    def openapi() -> dict[str, Any]:
        # Built only once: the description does not change while the process runs.
        if app.openapi_schema is None:
            app.openapi_schema = with_details(made())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def with_details(described: dict[str, Any]) -> dict[str, Any]:
    schemas = described["components"]["schemas"]
    # Routes read the bodies of rows themselves, to answer row by row, and errors come from handlers, not from routes.
    models: tuple[type[BaseModel], ...] = (NoticeBatch, EntryBatch, *problem_models())
    for model in models:
        add_model(schemas, model)
    describe_acts(schemas, add_model)
    for schema in schemas.values():
        _without_defaults(schema)
    every = list(operations(described))
    describe_headers(described, every)
    describe_links(every)
    describe_examples(every)
    return described


def operations(described: dict[str, Any]) -> Operations:
    for methods in described["paths"].values():
        yield from methods.values()


def _without_defaults(schema: dict[str, Any]) -> None:
    # Generators of clients treat a field with a default as a field that must be sent.
    for field in schema.get("properties", {}).values():
        if "default" in field:
            value = field.pop("default")
            if value:
                field["description"] = f"{field.get('description', '')} Default: `{value}`.".lstrip()


def add_model(schemas: dict[str, Any], model: type[BaseModel]) -> None:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    # References point to #/components/schemas, so nested definitions must be there too.
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
