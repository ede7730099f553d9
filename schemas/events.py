"""The data of all published events. No event holds a telephone number, an address or a name."""
# Events use Pullcord's own ids, because a sender's reference might hold anything.
# Each text field has a pattern that no telephone number matches.

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.base import Schema
from schemas.codes import (
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    Scope,
    ServiceStatus,
    TargetService,
)

# The largest number of records in one event, so that its size is bounded.
CHUNK = 500

Id = Annotated[int, Field(ge=1)]
Revision = Annotated[int, Field(ge=1)]
# A provider by its RCPID, or a council by its GSS code.
FeedId = Annotated[str, StringConstraints(pattern=r"^(provider:[A-Z]{4}|council:[ENSW]\d{8})$")]
# A submission, or `withdrawal` for an entry that is removed alone.
SubmissionId = Annotated[str, StringConstraints(pattern=r"^(sub_[0-9a-f]{32}|withdrawal)$")]
# The alphabet has no 0, 1, I or O: see `services.core.ids`.
CaseReference = Annotated[str, StringConstraints(pattern=r"^C-[2-9A-Z]{4}-[2-9A-Z]{4}$")]
AlertReference = Annotated[str, StringConstraints(pattern=r"^A-[2-9A-Z]{4}-[2-9A-Z]{4}$")]
# A keyed token: its kind (1 telephone, 2 UPRN, 3 postcode, 4 area), then 128 bits as URL-safe base64.
Token = Annotated[str, StringConstraints(pattern=r"^[1-9][A-Za-z0-9_-]{22}$")]
# A code. Its form holds no telephone number, because it begins with a letter and has no blank.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class EventData(Schema):
    """The data of an event. Each subclass sets the name, version and topic of its event."""

    event_name: ClassVar[str]
    event_version: ClassVar[int] = 1
    topic: ClassVar[str]


class NoticeRef(Schema):
    """One accepted revision of a notice."""

    notice: Id
    revision: Revision
    scope: Scope
    status: NoticeStatus
    migration_kind: MigrationKind
    target_service: TargetService
    planned_on: date | None = None
    restriction_on: date | None = None
    # The version issued later wins, in whatever order the events arrive.
    issued_at: AwareDatetime
    # Keyed hashes, so that the event shows no number and no address.
    tokens: tuple[Token, ...]


class NoticesAccepted(EventData):
    """Notices were stored. The matcher can now match the notices to register entries."""

    event_name: ClassVar[str] = "notices_accepted"
    topic: ClassVar[str] = "pullcord.notices"
    feed: FeedId
    submission: SubmissionId
    records: Annotated[tuple[NoticeRef, ...], Field(min_length=1, max_length=CHUNK)]


class EntryRef(Schema):
    """One accepted revision of a register entry."""

    entry: Id
    revision: Revision
    service_status: ServiceStatus
    connection: Connection
    tokens: tuple[Token, ...]


class EntriesAccepted(EventData):
    """Register entries were stored. The matcher can now match the entries to notices."""

    event_name: ClassVar[str] = "entries_accepted"
    topic: ClassVar[str] = "pullcord.entries"
    feed: FeedId
    submission: SubmissionId
    records: Annotated[tuple[EntryRef, ...], Field(min_length=1, max_length=CHUNK)]


class RecordRef(Schema):
    """One revision of a notice, an area record or a register entry."""

    record: Id
    revision: Revision


class NoticesReconsidered(EventData):
    """Stored notices or area records must be matched again.

    Each item of `records` is one of these:

    - A notice that another notice began or ceased to replace.
    - A notice that now counts as announced in advance, like the notice that it replaces.
    - An area record that is new, changed or ended. All notices of a provider on one area share an area record.
    """

    event_name: ClassVar[str] = "notices_reconsidered"
    topic: ClassVar[str] = "pullcord.notices"
    feed: FeedId
    submission: SubmissionId
    records: Annotated[tuple[RecordRef, ...], Field(min_length=1, max_length=CHUNK)]


class EntriesWithdrawn(EventData):
    """A council took entries off its register."""

    event_name: ClassVar[str] = "entries_withdrawn"
    topic: ClassVar[str] = "pullcord.entries"
    feed: FeedId
    submission: SubmissionId
    records: Annotated[tuple[RecordRef, ...], Field(min_length=1, max_length=CHUNK)]


class MatchingUnfinished(EventData):
    """A record has too many possible matches for one turn of the matcher.

    The event gives the matcher one more turn. The matcher itself chooses the record for this turn.
    """

    event_name: ClassVar[str] = "matching_unfinished"
    topic: ClassVar[str] = "pullcord.notices"
    feed: FeedId


class MatchRef(Schema):
    """A match between one revision of a notice and one revision of a register entry."""

    notice: Id
    entry: Id
    notice_revision: Revision
    entry_revision: Revision
    level: MatchLevel
    reasons: tuple[Word, ...]
    decision: MatchDecision


class LinesMatched(EventData):
    """Matches were found, were found again for a newer revision, or were decided by a person.

    Matches are also listed if a change of another match may affect their cases.
    """

    event_name: ClassVar[str] = "lines_matched"
    topic: ClassVar[str] = "pullcord.matches"
    records: Annotated[tuple[MatchRef, ...], Field(min_length=1, max_length=CHUNK)]


class UnmatchRef(Schema):
    """A notice and a register entry that no longer match."""

    notice: Id
    entry: Id
    why: Word


class LinesUnmatched(EventData):
    """Matches ended because a notice or a register entry changed."""

    event_name: ClassVar[str] = "lines_unmatched"
    topic: ClassVar[str] = "pullcord.matches"
    records: Annotated[tuple[UnmatchRef, ...], Field(min_length=1, max_length=CHUNK)]


class CaseRef(Schema):
    """A case after a change."""

    case: CaseReference
    entry: Id
    event: Word
    state: Word
    level: MatchLevel | None = None
    # The earliest day on which the alarm may stop working.
    harm_on: date | None = None


class CasesChanged(EventData):
    """Cases were opened or changed."""

    event_name: ClassVar[str] = "cases_changed"
    topic: ClassVar[str] = "pullcord.cases"
    council: FeedId
    records: Annotated[tuple[CaseRef, ...], Field(min_length=1, max_length=CHUNK)]


class AlertIntended(EventData):
    """Pullcord decided to send an alert. The event is stored before any message is sent."""

    event_name: ClassVar[str] = "alert_intended"
    topic: ClassVar[str] = "pullcord.alerts"
    alert: AlertReference
    council: FeedId
    # The threshold of the alert, in days before the harmful day.
    threshold: int
    reason: Word
    cases: Annotated[int, Field(ge=1)]
    deliveries: Annotated[int, Field(ge=0)]


class AlertSettled(EventData):
    """A delivery of an alert was sent, was given up, or is not needed any more."""

    event_name: ClassVar[str] = "alert_settled"
    topic: ClassVar[str] = "pullcord.alerts"
    alert: AlertReference
    council: FeedId
    delivery: Id
    outcome: Word


_ALL: tuple[type[EventData], ...] = (
    NoticesAccepted,
    NoticesReconsidered,
    EntriesAccepted,
    EntriesWithdrawn,
    MatchingUnfinished,
    LinesMatched,
    LinesUnmatched,
    CasesChanged,
    AlertIntended,
    AlertSettled,
)

# Every event of this version, by its CloudEvents type.
EVENT_TYPES: dict[str, type[EventData]] = {
    f"uk.pullcord.{data.event_name}.v{data.event_version}": data for data in _ALL
}
