from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic_core import from_json

from schemas.codes import Connection, MigrationKind, NoticeStatus, Scope, ServiceStatus, TargetService
from schemas.notice import MigrationNotice
from services.core.tokens import TokenKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.stamps import Stamp


class RecordKind(StrEnum):
    NOTICE = "notice"
    ENTRY = "entry"


class JoinedRow(NamedTuple):
    number: int
    issues: tuple[Issue, ...]


class TwoReadings(NamedTuple):
    # The earlier day comes first.
    field: str
    either: date
    other: date


class RawRow(NamedTuple):
    number: int
    fields: Mapping[str, Any]
    issues: tuple[Issue, ...] = ()
    # False if values may stand in the wrong fields. The row is then refused, and no field of it is read.
    usable: bool = True
    # True for a row of a spreadsheet, where a time without seconds means any moment of its minute.
    typed: bool = False
    # The dates of the move that are in doubt.
    readings: tuple[TwoReadings, ...] = ()
    # Rows with the same reference, whose values are in this row.
    joined: tuple[JoinedRow, ...] = ()


class NoticeFacts(NamedTuple):
    # These values are stored without encryption.
    scope: Scope
    status: NoticeStatus
    migration_kind: MigrationKind
    target_service: TargetService
    planned_on: date | None
    restriction_on: date | None
    telecare_known: bool | None
    supersedes: str | None
    # True if the notice is about an area, or names nothing more exact than a postcode.
    shares_area: bool = False
    # The dates that are in doubt. The fields of these dates are None.
    readings: tuple[TwoReadings, ...] = ()


class EntryFacts(NamedTuple):
    # These values are stored without encryption.
    service_status: ServiceStatus
    connection: Connection
    last_confirmed_on: date | None
    agreement_named: bool
    # Last day of the data-sharing agreement. None if the agreement has no end.
    agreement_until: date | None


Facts = TypeVar("Facts", bound=NoticeFacts | EntryFacts)


class Draft(NamedTuple, Generic[Facts]):
    row: int
    reference: str
    stamp: Stamp
    facts: Facts
    # Canonical values by which matching finds the record. They are stored only as tokens.
    values: tuple[tuple[TokenKind, str], ...]
    # Everything that was sent except ids and times. Equal content is not a new version.
    content: bytes
    # The part of the record that is stored encrypted, as JSON: it takes a third of the memory of its objects.
    private: bytes
    issues: tuple[Issue, ...]
    # Dates of the move that the sender gave and that could not be read.
    unread: frozenset[str] = frozenset()
    # A notice of a reference and a status, without a usable place: the place on record counts.
    report: MigrationNotice | None = None

    def opened(self) -> dict[str, Any]:
        fields: dict[str, Any] = from_json(self.private)
        return fields


class Refused(NamedTuple):
    row: int
    issues: tuple[Issue, ...]
    # None if it could not be read. A full replacement does not withdraw the entry that a faulty row names.
    reference: str | None = None
