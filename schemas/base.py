"""What every schema shares: frozen, closed, and strict about nothing it does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """A message or a part of one: it cannot be changed, and a field it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", use_attribute_docstrings=True)
