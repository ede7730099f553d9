"""Completes notices that give only a reference and a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.codes import NoticeStatus
from schemas.notice import MigrationNotice
from services.ingest.reading.drafts import Draft, Facts, NoticeFacts, RecordKind
from services.ingest.reading.outcomes import Issue, Outcome, RowOutcome, without_kept
from services.ingest.reading.rows.notices import (
    filled_from,
    locate,
    notice_facts,
    nowhere,
    with_readings,
    without_areas,
)
from services.ingest.recording.record_types import RecordType
from services.ingest.recording.rules.step import Recorded
from services.ingest.recording.store.records import open_records
from services.ingest.recording.store.supersessions import known_notices
from services.ingest.recording.submission import SubmissionContext

# By the key of the record that each is about.
KeyedDrafts = Sequence[tuple[bytes, Draft[Any]]]

_UNKNOWN: Final = Issue(
    "provider_reference",
    "unknown_reference",
    "No notice is on record under this reference, so the status changes nothing now.",
    "Check the reference. It must be the one of the notice that is meant.",
)
_UNKNOWN_SUPERSEDED: Final = Issue(
    "supersedes",
    "unknown_supersedes",
    "No notice is on record under the reference that this one replaces, so it replaces none for now.",
    "Check the reference: an earlier notice under another reference still counts.",
)


class Completed(NamedTuple):
    drafts: KeyedDrafts
    rejected: list[RowOutcome]


def kept_references(drafts: Sequence[Draft[Any]]) -> frozenset[str]:
    return frozenset(
        draft.reference for draft in drafts if draft.report is None or draft.report.status is NoticeStatus.WITHDRAWN
    )


def completed_notices(
    context: SubmissionContext,
    record_type: RecordType[Facts],
    drafts: KeyedDrafts,
    recorded: Mapping[bytes, Recorded],
    sent: frozenset[str],
) -> Completed:
    """Complete each notice that reports only a status.

    Missing facts come from the latest notice with the same reference.
    """
    if record_type.kind is not RecordKind.NOTICE:
        return Completed(drafts, [])
    reports = {key for key, draft in drafts if draft.report}
    pks = {key: recorded[key].pk for key in reports if key in recorded}
    opened = open_records(context, record_type, pks.values()) if pks else {}
    # Nothing is taken from a damaged record.
    latest: dict[bytes, Mapping[str, Any]] = {key: opened[pk].get("record", {}) for key, pk in pks.items()}
    kept, rejected = list[tuple[bytes, Draft[Any]]](), list[RowOutcome]()
    for key, draft in drafts:
        filled = _filled(draft, draft.report, latest.get(key)) if draft.report else draft
        if isinstance(filled, RowOutcome):
            rejected.append(filled)
            continue
        if key in reports:
            # A status further down in the file is about the notice above it.
            latest[key] = filled.opened()["record"]
        kept.append((key, filled))
    return Completed(_asked(context, kept, sent), rejected)


def _filled(draft: Draft[Any], report: MigrationNotice, recorded: Mapping[str, Any] | None) -> Draft[Any] | RowOutcome:
    notice = filled_from(report, recorded or {})
    located = locate(notice)
    # A withdrawal is kept without a place: the notice that it withdraws may arrive after it.
    if not located.values and report.status is not NoticeStatus.WITHDRAWN and (refusals := nowhere(notice)):
        return RowOutcome(draft.row, Outcome.REJECTED, without_kept((*refusals, *_of_the_row(draft))))
    if recorded is None:
        return draft._replace(issues=(*draft.issues, _UNKNOWN))
    issues = [issue for issue in draft.issues if issue not in without_areas(report, ())]
    return draft._replace(
        facts=notice_facts(notice, located)._replace(readings=draft.facts.readings),
        values=located.values,
        content=with_readings(located.content, draft.facts.readings),
        private=located.private,
        issues=(*issues, *without_areas(notice, located.values)),
    )


def _of_the_row(draft: Draft[Any]) -> list[Issue]:
    # "Councils are told at once" is not true of a row that is not kept.
    return [issue for issue in draft.issues if issue.code != "no_date"]


def _asked(context: SubmissionContext, drafts: KeyedDrafts, sent: frozenset[str]) -> KeyedDrafts:
    named = {reference for _, draft in drafts if (reference := _superseded(draft))} - sent
    if not named:
        return drafts
    keys = {reference: context.key_of(reference) for reference in named}
    known = {key for key, _ in drafts} | known_notices(context.connection, frozenset(keys.values()))
    unknown = {reference for reference, key in keys.items() if key not in known}
    return [
        (key, draft._replace(issues=(*draft.issues, _UNKNOWN_SUPERSEDED)) if _superseded(draft) in unknown else draft)
        for key, draft in drafts
    ]


def _superseded(draft: Draft[Any]) -> str | None:
    return draft.facts.supersedes if isinstance(draft.facts, NoticeFacts) else None
