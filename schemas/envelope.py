"""The CloudEvents 1.0 envelope of every event."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, SerializeAsAny, StringConstraints
from pydantic_core import from_json

from schemas.base import Schema
from schemas.events import EVENT_TYPES, EventData

TYPE_PREFIX = "uk.pullcord."
# The version is part of the type, so that a consumer can tell an unknown version from a fault.
TYPE_PATTERN = r"^uk\.pullcord\.[a-z_]+\.v\d+$"


class Envelope(Schema):
    """One event. It has no `subject`, because tools copy a subject into headers and logs."""

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    """Unique in the deployment. The inbox stores the id, so that a second delivery changes nothing."""
    source: Annotated[str, StringConstraints(pattern=r"^/pullcord/[a-z]+$")]
    """The service that published the event: `/pullcord/ingest`, `/pullcord/matcher` or `/pullcord/alerts`."""
    type: Annotated[str, StringConstraints(pattern=TYPE_PATTERN)]
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: Annotated[str, StringConstraints(pattern=r"^(provider:[A-Z]{4}|council:[ENSW]\d{8})(:\d{1,3})?$")]
    """Feed and shard (CloudEvents partitioning extension). Events with the same key stay in order."""
    # Hidden in `repr`, so that no event is logged by accident.
    data: SerializeAsAny[EventData] = Field(repr=False)


class UnknownEventError(ValueError):
    """The type of an event is unknown to this version of Pullcord."""


def type_of(data: EventData) -> str:
    return f"{TYPE_PREFIX}{data.event_name}.v{data.event_version}"


def encode(envelope: Envelope) -> bytes:
    # UTF-8. Absent values are left out, so that an older consumer never sees a new empty field.
    return envelope.model_dump_json(exclude_none=True).encode()


def decode(body: bytes) -> Envelope:
    """Return the event that `encode` wrote.

    Raises UnknownEventError if the type is unknown. Raises another ValueError for any other fault.
    """
    raw = from_json(body)
    kind = raw.get("type") if isinstance(raw, dict) else None
    # The type is checked before the data: a newer event may have data that this version cannot validate.
    if not isinstance(kind, str) or not re.match(TYPE_PATTERN, kind):
        raise ValueError("this is no event of Pullcord: it has no type")
    if kind not in EVENT_TYPES:
        raise UnknownEventError("the type of an event is not known to this version")
    # The type decides how the data is read: the field itself would accept any event.
    data = EVENT_TYPES[kind].model_validate(raw.get("data"))
    return Envelope.model_validate({**raw, "data": data})
