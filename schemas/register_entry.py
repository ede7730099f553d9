"""An entry of a council's telecare register, as the council shares it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Schema
from schemas.codes import Connection, ServiceStatus
from schemas.notice import Reference, Text
from schemas.times import Day, Moment

# Free codes: councils use lists of their own, and no source prescribes one.
Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]


class RegisterEntry(Schema):
    """One telecare service, and the line of its alarm.

    An entry never has a name, a date of birth, an NHS number, a diagnosis or a key-safe code.
    """

    entry_id: Reference
    """The council's own reference of the entry."""
    updated_at: Moment | None = None
    """The time at which the council last changed the entry. If it is absent, the time of receipt is used.

    The version that was changed later counts."""
    # Longer than in a notice, because a cell often holds several numbers.
    cli: Annotated[str, StringConstraints(max_length=200)] | None = None
    """The telephone number or numbers that the alarm uses. Leave this field out for a SIM unit."""
    uprn: Annotated[str, StringConstraints(max_length=30)] | None = None
    postcode: Annotated[str, StringConstraints(max_length=30)] | None = None
    address_lines: tuple[Text, ...] = Field(default=(), max_length=8)
    post_town: Text | None = None
    scheme_id: Code | None = None
    service_status: ServiceStatus = ServiceStatus.ACTIVE
    service_started_on: Day | None = None
    service_ended_on: Day | None = None
    device_kind: Code | None = None
    make_model: Text | None = None
    connection: Connection = Connection.UNKNOWN
    protocol: Code | None = None
    arc_name: Text | None = None
    last_successful_test_at: Moment | None = None
    line_provider: Text | None = None
    communication_needs: tuple[Code, ...] = Field(default=(), max_length=20)
    contact_route: Text | None = None
    supported_journey_codes: tuple[Code, ...] = Field(default=(), max_length=20)
    share_basis_id: Code | None = None
    """The data-sharing agreement under which the entry is shared."""
    share_basis_expires_on: Day | None = None
    last_confirmed_at: Moment | None = None
