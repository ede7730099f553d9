from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, NamedTuple

from sqlalchemy import Table

from schemas.events import EntriesAccepted, EntryRef, EventData, NoticeRef, NoticesAccepted
from services.core.addresses.keys.keys import KeySide
from services.core.audit import AuditAction
from services.core.tokens import on_the_stream
from services.ingest.reading.drafts import Draft, EntryFacts, Facts, NoticeFacts, RecordKind
from services.ingest.recording.rules.step import Keyed
from services.ingest.recording.rules.ties import SAME_STAMP, VersionRisk
from services.storage import tables


class WrittenRecord(NamedTuple, Generic[Facts]):
    pk: int
    revision: int
    shard: int
    values: tuple[tuple[Any, str], ...]
    # The tokens of `values`, in the same order.
    tokens: tuple[tuple[Any, bytes], ...]
    draft: Draft[Facts]


@dataclass(frozen=True)
class RecordType(Generic[Facts]):
    kind: RecordKind
    side: KeySide  # whose keys of the address the records have
    table: Table
    tokens: Table
    owner: str  # column of `tokens` with the id of the record
    stamp: str  # column of `table` with the time of issue or change
    accepted: AuditAction
    stale: AuditAction
    # Returns the unencrypted columns. The second argument turns a reference of the feed into a record key.
    clear: Callable[[Keyed[Facts], Callable[[str], bytes]], dict[str, Any]]
    # Reads from a database row the last four fields of `Recorded`: risk, rival, announced, withdrawn.
    decisive: Callable[[Any], tuple[VersionRisk, VersionRisk | None, bool, bool]]
    announce: Callable[[str, str, Sequence[WrittenRecord[Facts]]], EventData]


def _clear_notice(keyed: Keyed[NoticeFacts], key_of: Callable[[str], bytes]) -> dict[str, Any]:
    facts, rival = keyed.draft.facts, keyed.rival.risk if keyed.rival else None
    return {
        "scope": facts.scope.value,
        "status": facts.status.value,
        "migration_kind": facts.migration_kind.value,
        "target_service": facts.target_service.value,
        "planned_on": facts.planned_on,
        "restriction_on": facts.restriction_on,
        "telecare_known": facts.telecare_known,
        # Stored as a keyed hash, because a provider's reference may identify a customer.
        "supersedes_key": key_of(facts.supersedes) if facts.supersedes else None,
        "rival_status": rival.status if rival else None,
        "rival_planned_on": rival.planned_on if rival else None,
        "rival_restriction_on": rival.restriction_on if rival else None,
        "announced": keyed.announced,
        **_readings("planned", "planned_migration_date", facts),
        **_readings("restriction", "restriction_start_date", facts),
    }


def _readings(name: str, field: str, facts: NoticeFacts) -> dict[str, date | None]:
    one = next((one for one in facts.readings if one.field == field), None)
    return {f"{name}_either": one and one.either, f"{name}_or": one and one.other}


def _clear_entry(keyed: Keyed[EntryFacts], _key_of: Callable[[str], bytes]) -> dict[str, Any]:
    facts = keyed.draft.facts
    return {
        "service_status": facts.service_status.value,
        "connection": facts.connection.value,
        "last_confirmed_on": facts.last_confirmed_on,
        "agreement_named": facts.agreement_named,
        "agreement_until": facts.agreement_until,
    }


def _decisive_notice(row: Any) -> tuple[VersionRisk, VersionRisk | None, bool, bool]:
    rival = VersionRisk(row.rival_status, row.rival_planned_on, row.rival_restriction_on) if row.rival_status else None
    return VersionRisk(row.status, row.planned_on, row.restriction_on), rival, row.announced, False


def _decisive_entry(row: Any) -> tuple[VersionRisk, VersionRisk | None, bool, bool]:
    # An entry has no rival columns: after a tie, its stored status is already the more dangerous one.
    risk = VersionRisk(row.service_status)
    return risk, risk if SAME_STAMP in row.flags.split() else None, False, not row.live


def _announce_notices(feed: str, submission: str, written: Sequence[WrittenRecord[NoticeFacts]]) -> EventData:
    return NoticesAccepted(
        feed=feed,
        submission=submission,
        records=tuple(
            NoticeRef(
                notice=record.pk,
                revision=record.revision,
                scope=record.draft.facts.scope,
                status=record.draft.facts.status,
                migration_kind=record.draft.facts.migration_kind,
                target_service=record.draft.facts.target_service,
                planned_on=record.draft.facts.planned_on,
                restriction_on=record.draft.facts.restriction_on,
                issued_at=record.draft.stamp.at,
                tokens=on_the_stream(record.tokens),
            )
            for record in written
        ),
    )


def _announce_entries(feed: str, submission: str, written: Sequence[WrittenRecord[EntryFacts]]) -> EventData:
    return EntriesAccepted(
        feed=feed,
        submission=submission,
        records=tuple(
            EntryRef(
                entry=record.pk,
                revision=record.revision,
                service_status=record.draft.facts.service_status,
                connection=record.draft.facts.connection,
                tokens=on_the_stream(record.tokens),
            )
            for record in written
        ),
    )


NOTICES: RecordType[NoticeFacts] = RecordType(
    kind=RecordKind.NOTICE,
    side=KeySide.NOTICE,
    table=tables.notices,
    tokens=tables.notice_tokens,
    owner="notice_pk",
    stamp="issued_at",
    accepted=AuditAction.NOTICES_ACCEPTED,
    stale=AuditAction.NOTICES_STALE,
    clear=_clear_notice,
    decisive=_decisive_notice,
    announce=_announce_notices,
)

ENTRIES: RecordType[EntryFacts] = RecordType(
    kind=RecordKind.ENTRY,
    side=KeySide.ENTRY,
    table=tables.register_entries,
    tokens=tables.entry_tokens,
    owner="entry_pk",
    stamp="updated_at",
    accepted=AuditAction.ENTRIES_ACCEPTED,
    stale=AuditAction.ENTRIES_STALE,
    clear=_clear_entry,
    decisive=_decisive_entry,
    announce=_announce_entries,
)
