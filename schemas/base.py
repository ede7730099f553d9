"""The base class of every schema."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """Base class of all published data. An instance cannot be changed, and an unknown field is an error."""

    # Attribute docstrings are published as field descriptions, so they are part of the format.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", use_attribute_docstrings=True)
