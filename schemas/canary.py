"""The canary: an event without content that proves that the consumers of a partition are alive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.base import Schema


class CanaryData(Schema):
    """The topic and the partition of the canary."""

    topic: Annotated[str, StringConstraints(pattern=r"^pullcord\.[a-z]+$")]
    partition: Annotated[int, Field(ge=0)]


class Canary(Schema):
    """A CloudEvent without content, published by a relay to prove that the consumers of a partition are alive.

    It is stored in no outbox and no inbox.
    """

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    source: Literal["/pullcord/relay"] = "/pullcord/relay"
    type: Literal["uk.pullcord.canary.v1"] = "uk.pullcord.canary.v1"
    time: AwareDatetime
    """The time at which the canary was published. Events published to its partition before are ahead of it."""
    datacontenttype: Literal["application/json"] = "application/json"
    data: CanaryData
