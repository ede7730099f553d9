"""A row after reading: either a draft of a record, ready to be written, or the issues that refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.codes import Connection, MigrationKind, NoticeStatus, Scope, ServiceStatus, TargetService
from services.core.tokens import TokenKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.stamps import Stamp


class RecordKind(StrEnum):
    """What a submission holds."""

    NOTICE = "notice"
    ENTRY = "entry"


class RawRow(NamedTuple):
    """A row as sent: its number as the sender counts, its fields, and what was already seen to be amiss in it."""

    number: int
    fields: Mapping[str, Any]
    issues: tuple[Issue, ...] = ()
    usable: bool = True
    """False when its values may stand in the wrong fields: it is refused, and nothing is taken from it."""
    typed: bool = False
    """True when it comes from a sheet: a time without seconds means any moment of its minute."""


class NoticeFacts(NamedTuple):
    """What of a notice is stored in the clear: dates and codes that rules and figures read."""

    scope: Scope
    status: NoticeStatus
    migration_kind: MigrationKind
    target_service: TargetService
    planned_on: date | None
    restriction_on: date | None
    telecare_known: bool | None
    supersedes: str | None


class EntryFacts(NamedTuple):
    """What of a register entry is stored in the clear."""

    service_status: ServiceStatus
    connection: Connection
    last_confirmed_on: date | None
    agreement_named: bool
    agreement_until: date | None
    """The last day of the data-sharing agreement; one without an end goes on."""


Facts = TypeVar("Facts", bound=NoticeFacts | EntryFacts)


class Draft(NamedTuple, Generic[Facts]):
    """A row that can be written. Of versions with different stamps the later wins, in whatever order they arrive."""

    row: int
    reference: str
    stamp: Stamp
    facts: Facts
    values: tuple[tuple[TokenKind, str], ...]
    """The canonical values it can be found by."""
    content: bytes
    """Everything that was sent but its ids and times: equal content is no new version."""
    private: Mapping[str, object]
    """What is sealed."""
    issues: tuple[Issue, ...]


class Refused(NamedTuple):
    """A row that cannot be written.

    `reference` is its record's, where that much could be read: a full replacement does not withdraw what a faulty row
    spoke of.
    """

    row: int
    issues: tuple[Issue, ...]
    reference: str | None = None
