"""The canary: an event without content, published to each partition to prove that its consumers are alive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.base import Schema


class CanaryData(Schema):
    """Where the canary was told."""

    topic: Annotated[str, StringConstraints(pattern=r"^pullcord\.[a-z]+$")]
    partition: Annotated[int, Field(ge=0)]


class Canary(Schema):
    """A CloudEvent of its own: it comes from a relay and not from the outbox, and is remembered by no inbox."""

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    source: Literal["/pullcord/relay"] = "/pullcord/relay"
    type: Literal["uk.pullcord.canary.v1"] = "uk.pullcord.canary.v1"
    time: AwareDatetime
    """When it was told; whatever was told to its partition before it lies before it there."""
    datacontenttype: Literal["application/json"] = "application/json"
    data: CanaryData
