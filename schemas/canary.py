"""A canary is a test event, which shows that the consumers of a partition are alive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.base import Schema


class CanaryData(Schema):
    """The topic and the partition of the canary."""

    topic: Annotated[str, StringConstraints(pattern=r"^pullcord\.[a-z]+$")]
    partition: Annotated[int, Field(ge=0)]


class Canary(Schema):
    """A relay publishes this CloudEvent to test the consumers of a partition.

    A canary is stored in no outbox and in no inbox.
    """

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    source: Literal["/pullcord/relay"] = "/pullcord/relay"
    type: Literal["uk.pullcord.canary.v1"] = "uk.pullcord.canary.v1"
    time: AwareDatetime
    """The time at which the canary was published."""
    datacontenttype: Literal["application/json"] = "application/json"
    data: CanaryData
