"""Keeps a known date of a notice if the date in a later version cannot be read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import cast

from services.ingest.reading.drafts import Draft, Facts, NoticeFacts
from services.ingest.reading.outcomes import Issue
from services.ingest.recording.rules.ties import VersionRisk

_PLANNED, _RESTRICTED = "planned_migration_date", "restriction_start_date"


def with_known_dates(draft: Draft[Facts], before: Sequence[VersionRisk]) -> Draft[Facts]:
    """Return the draft with the earliest known date in place of each date of the move that could not be read.

    `before` holds the versions that the draft replaces. Without the known date, a typing error would put off an alert.
    """
    if not draft.unread or not isinstance(draft.facts, NoticeFacts):
        return draft
    facts = _dated(draft.facts, draft.unread, before)
    kept = [
        *([_PLANNED] if facts.planned_on != draft.facts.planned_on else []),
        *([_RESTRICTED] if facts.restriction_on != draft.facts.restriction_on else []),
    ]
    # "No date is given" would contradict a date that is kept.
    issues = [issue for issue in draft.issues if not (kept and issue.code == "no_date")]
    return draft._replace(facts=cast("Facts", facts), issues=(*issues, *map(_kept, kept)))


def _dated(facts: NoticeFacts, unread: Collection[str], before: Sequence[VersionRisk]) -> NoticeFacts:
    if _PLANNED in unread:
        facts = facts._replace(planned_on=_earliest(version.planned_on for version in before))
    if _RESTRICTED in unread:
        facts = facts._replace(restriction_on=_earliest(version.restriction_on for version in before))
    return facts


def _kept(field: str) -> Issue:
    reason = "The date could not be read, so the date of the version on record still counts."
    return Issue(field, "date_on_record_kept", reason, "Send the notice again with the date written out.")


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
