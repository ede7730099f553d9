from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import chain

from services.core.audit import AuditAction
from services.core.clock import london_day
from services.ingest.reading.drafts import Draft, Facts, NoticeFacts
from services.ingest.reading.outcomes import RowOutcome
from services.ingest.reading.places import values_of
from services.ingest.recording.notices.areas import settle_areas, write_members
from services.ingest.recording.notices.status_reports import completed_notices
from services.ingest.recording.notices.supersession import settle_supersessions
from services.ingest.recording.record_types import NOTICES, RecordType, WrittenRecord
from services.ingest.recording.rules.sharding import by_shard, shard_of
from services.ingest.recording.rules.step import Keyed, Plan, plan
from services.ingest.recording.store.areas import keys_of_areas
from services.ingest.recording.store.records import find_recorded, open_record, write_records, write_tokens
from services.ingest.recording.store.supersessions import already_superseded, superseded_by
from services.ingest.recording.submission import SubmissionContext
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.store import Store


def write_drafts(
    context: SubmissionContext,
    record_type: RecordType[Facts],
    drafts: Sequence[Draft[Facts]],
    sent: frozenset[str] = frozenset(),
) -> list[RowOutcome]:
    """Write the drafts of one transaction.

    If the submission needs several transactions, `sent` has `kept_references` of the whole submission.
    """
    planned = _planned(context, record_type, drafts, sent)
    # Computed before the records are written, because writing overwrites the old `supersedes`.
    touched = _supersessions_touched(context, record_type, planned)
    # A later stamp of the same notice changes the facts of its area too.
    known = [record.pk for record, _ in (*planned.newer, *planned.confirmed)]
    before = keys_of_areas(context.connection, known)
    written = [_written(context.store, record_type, *record) for record in write_records(context, record_type, planned)]
    write_tokens(context.connection, record_type, written)
    reconsidered = settle_supersessions(context, touched) if touched else ()
    if record_type.table is NOTICES.table:
        named = write_members(context, written)
        settle_areas(context, named, before | keys_of_areas(context.connection, reconsidered))
    _announce(context, record_type, written)
    context.record_outcome(record_type.accepted, [(record.pk, record.revision) for record in written])
    _record_leads(context, planned.new)
    context.record_outcome(record_type.stale, [(record.pk, record.revision) for record in planned.stale])
    return planned.outcomes


def try_drafts(
    context: SubmissionContext, record_type: RecordType[Facts], drafts: Sequence[Draft[Facts]]
) -> list[RowOutcome]:
    return _planned(context, record_type, drafts, frozenset()).outcomes


def _planned(
    context: SubmissionContext, record_type: RecordType[Facts], drafts: Sequence[Draft[Facts]], sent: frozenset[str]
) -> Plan[Facts]:
    digest = context.store.tokeniser.digest
    by_key = [(context.key_of(draft.reference), draft) for draft in drafts]
    recorded = find_recorded(context, record_type, [key for key, _ in by_key])
    whole = completed_notices(context, record_type, by_key, recorded, sent)
    keyed = [Keyed(key, digest(draft.content), draft) for key, draft in whole.drafts]
    planned = plan(record_type.kind, keyed, recorded, partial(open_record, context, record_type))
    planned.outcomes += whole.rejected
    return planned


def _supersessions_touched(
    context: SubmissionContext, record_type: RecordType[Facts], planned: Plan[Facts]
) -> set[bytes]:
    # The keys of notices that may become live, or stop being live, once the plan is written.
    if record_type.table is not NOTICES.table:
        return set()
    # Confirmed records are included, because a new stamp may reverse the order of two notices.
    on_record = [*planned.newer, *planned.confirmed]
    changed = [*planned.new, *(version for _, version in on_record)]
    before = superseded_by(context.connection, [record.pk for record, _ in on_record])
    named = [version.draft.facts.supersedes for version in changed if isinstance(version.draft.facts, NoticeFacts)]
    after = {context.key_of(reference) for reference in named if reference}
    return before | after | already_superseded(context.connection, [version.key for version in changed])


def _written(
    store: Store, record_type: RecordType[Facts], pk: int, revision: int, version: Keyed[Facts]
) -> WrittenRecord[Facts]:
    token, values = store.tokeniser.token, version.draft.values
    if version.rival:
        # Both versions are matched until a later stamp settles which of them is right.
        tied = [values_of(place, record_type.side) for place in version.rival.places]
        values = tuple(dict.fromkeys(chain(values, *tied)))
    tokens = tuple([(kind, token(kind, value)) for kind, value in values])
    return WrittenRecord(pk, revision, shard_of(version.key), values, tokens, version.draft)


def _announce(
    context: SubmissionContext, record_type: RecordType[Facts], written: Sequence[WrittenRecord[Facts]]
) -> None:
    context.announce(
        [
            Announcement("ingest", key, record_type.announce(context.feed_id, context.submission_id, members))
            for key, members in by_shard(context.feed_id, written, lambda record: record.shard)
        ]
    )


def _record_leads(context: SubmissionContext, new: Sequence[Keyed[Facts]]) -> None:
    # For the audit figure on how early notices come: the number of notices for each number of days of warning.
    facts = [version.draft.facts for version in new]
    today = london_day(context.now)
    leads = Counter(_lead(notice, today) for notice in facts if isinstance(notice, NoticeFacts))
    if leads:
        fields = {"submission": context.submission_id, "leads": dict(leads)}
        context.record_audit(
            AuditRow(AuditAction.NOTICES_TIMED, fields, subject=context.submission_id, feed_id=context.feed_id)
        )


def _lead(facts: NoticeFacts, today: date) -> str:
    # Days from today to the earlier of the two dates. Negative if that date has passed.
    days = [day for day in (facts.planned_on, facts.restriction_on) if day is not None]
    return str((min(days) - today).days) if days else "none"
