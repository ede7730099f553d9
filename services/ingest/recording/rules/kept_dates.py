"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, cast

from schemas.codes import NoticeStatus
from services.ingest.reading.drafts import Draft, Facts, NoticeFacts
from services.ingest.reading.outcomes import Issue
from services.ingest.recording.rules.ties import VersionRisk

_PLANNED, _RESTRICTED = "planned_migration_date", "restriction_start_date"
# After the move is made or called off, nobody needs a planned date.
_OVER: Final = frozenset([NoticeStatus.COMPLETED, NoticeStatus.WITHDRAWN])


def with_known_dates(draft: Draft[Facts], before: Sequence[VersionRisk]) -> Draft[Facts]:
    """Fill a missing planned date with the earliest planned date in `before`, and likewise the restriction date."""
    # An empty cell must not delay an alert.
    facts = draft.facts
    if not isinstance(facts, NoticeFacts) or not before:
        return draft
    dated = facts._replace(
        planned_on=facts.planned_on or _earliest(version.planned_on for version in before),
        restriction_on=facts.restriction_on or _earliest(version.restriction_on for version in before),
    )
    if dated == facts:
        return draft
    kept = [
        *([_PLANNED] if dated.planned_on != facts.planned_on else []),
        *([_RESTRICTED] if dated.restriction_on != facts.restriction_on else []),
    ]
    # "The notice has no date" would contradict a date that is kept.
    issues = [issue for issue in draft.issues if issue.code != "no_date"]
    issues += [_kept(name, is_unread=name in draft.unread) for name in kept if _is_said(name, draft, facts.status)]
    return draft._replace(facts=cast("Facts", dated), issues=tuple(issues))


def _is_said(field: str, draft: Draft[Facts], status: NoticeStatus) -> bool:
    return field in draft.unread or status not in _OVER


def _kept(field: str, *, is_unread: bool) -> Issue:
    if is_unread:
        reason = "The date could not be read, so the date of the version on record still counts."
        return Issue(field, "date_on_record_kept", reason, "Send the notice again with the date written out.")
    reason = "This version gives no date, so the date of the version on record still counts."
    remedy = "If that date no longer holds, send the new one. If the line will not move, send the status withdrawn."
    return Issue(field, "date_on_record_kept", reason, remedy)


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
