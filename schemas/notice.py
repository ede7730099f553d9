"""A migration notice as a provider posts it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Schema
from schemas.codes import MigrationKind, NoticeStatus, RestrictionKind, Scope, TargetService
from schemas.times import Day, Moment

Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
# A telephone number as the sender wrote it, perhaps with blanks, brackets or an extension.
Number = Annotated[str, StringConstraints(max_length=80)]


class CustomerContact(Schema):
    """One attempt to reach the customer (non-voluntary migration checklist, 18 November 2024)."""

    method: Annotated[str, StringConstraints(pattern=r"^(letter|email|sms|call|door|other)$")]
    date: Day


class MigrationNotice(Schema):
    """A provider's notice about the migration of a line or an area.

    The format is Pullcord's own: no source prescribes a format.

    A notice never has a name, an account number or the reason why a customer needs care.
    """

    id: Reference
    """The provider's id of this message (CloudEvents `id`). A message with the same `source` and `id` is a repeat."""
    source: Text | None = None
    """The system that made the message (CloudEvents `source`)."""
    provider_id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{4}$")] | None = None
    """The provider's four-letter RCPID. The API key must belong to the same provider."""
    brand: Text | None = None
    provider_reference: Reference | None = None
    """The provider's own lasting reference of this migration. If it is absent, `id` is used.

    A later notice with the same reference replaces this notice."""
    supersedes: Reference | None = None
    """The `provider_reference` of the earlier notice that this notice replaces."""
    scope: Scope = Scope.LINE
    cli: Number | None = None
    """The telephone number, for scope `line`."""
    uprn: Annotated[str, StringConstraints(max_length=30)] | None = None
    postcode: Annotated[str, StringConstraints(max_length=30)] | None = None
    address_lines: tuple[Text, ...] = Field(default=(), max_length=8)
    post_town: Text | None = None
    area_codes: tuple[Annotated[str, StringConstraints(max_length=30)], ...] = Field(default=(), max_length=2000)
    """For an area: postcodes, postcode sectors (`FY3 8`) or outward codes (`FY3`)."""
    exchange: Text | None = None
    access_line_id: Text | None = None
    migration_kind: MigrationKind = MigrationKind.UNKNOWN
    customer_engaged: bool | None = None
    line_used_last_12_months: bool | None = None
    planned_migration_date: Day | None = None
    restriction_start_date: Day | None = None
    """The day on which the line is first barred or diverted. The alarm may stop working on this day."""
    restriction_kind: RestrictionKind | None = None
    migrated_on: Day | None = None
    """The day on which the line was moved, for status `completed`. If it is absent, `planned_migration_date` counts."""
    target_service: TargetService = TargetService.UNKNOWN
    telecare_known: bool | None = None
    arc_number_dialled: bool | None = None
    """True if the line was seen to call an alarm receiving centre."""
    customer_contacts: tuple[CustomerContact, ...] = Field(default=(), max_length=50)
    status: NoticeStatus = NoticeStatus.PLANNED
    issued_at: Moment | None = None
    """The time at which the provider issued the notice. If it is absent, the time of receipt is used.

    The version issued later counts. The order of arrival does not matter."""


def lasting_reference(provider_reference: str | None, message_id: str) -> str:
    # Without a lasting reference each message is a notice of its own.
    return provider_reference or message_id
