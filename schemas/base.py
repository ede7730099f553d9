"""The base class of every schema: frozen, and closed to unknown fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """A message or a part of one: it cannot be changed, and a field it does not know is an error."""

    # Attribute docstrings are published as field descriptions, so they are part of the format.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", use_attribute_docstrings=True)
