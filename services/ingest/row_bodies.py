# The framework would refuse all rows because of one bad row.

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from services.web.bodies import JSON, NDJSON


class NoticeBatch(BaseModel):
    """Several notices in one request."""

    notices: Annotated[list[MigrationNotice], Field(min_length=1)]


class EntryBatch(BaseModel):
    """Several register entries in one request."""

    entries: Annotated[list[RegisterEntry], Field(min_length=1)]


def rows_body(row: type[BaseModel], batch: type[BaseModel]) -> dict[str, Any]:
    forms = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in (row, batch)]
    # A bare list is taken too. It is left out here, because generators of clients stumble over it.
    lines = {
        "type": "string",
        "format": "binary",
        "minLength": 1,
        "contentMediaType": NDJSON,
        "description": f"Text with one {row.__name__} a line.",
    }
    return {
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"anyOf": forms}}, NDJSON: {"schema": lines}},
        }
    }
