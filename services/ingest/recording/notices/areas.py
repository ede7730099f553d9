"""Keeps one area record for each provider and area."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from schemas.events import NoticesReconsidered
from services.core.audit import AuditAction
from services.core.tokens import TokenKind
from services.ingest.reading.places import OF_AREAS, values_of
from services.ingest.recording.record_types import NOTICES, WrittenRecord
from services.ingest.recording.rules.area_notices import area_summary
from services.ingest.recording.rules.ties import place_of
from services.ingest.recording.store.areas import (
    Area,
    digest_of,
    end_area_records,
    find_area_records,
    insert_area_records,
    live_notices,
    members_of,
    replace_members,
    update_area_records,
)
from services.ingest.recording.store.records import open_records
from services.ingest.recording.submission import SubmissionContext


def write_members(context: SubmissionContext, written: Sequence[WrittenRecord[Any]]) -> Mapping[bytes, Area]:
    areas: dict[bytes, Area] = {}
    members: list[tuple[bytes, int]] = []
    for record in written:
        for area in _areas(context, record):
            areas[area.key] = area
            members.append((area.key, record.pk))
    # A new notice has no areas yet.
    replace_members(context.connection, [record.pk for record in written if record.revision > 1], members)
    return areas


def settle_areas(context: SubmissionContext, named: Mapping[bytes, Area], touched: Collection[bytes]) -> None:
    """Update the record of each area whose notices have changed.

    `named` has the areas of the written notices. `touched` has the keys of other changed areas.
    """
    keys = named.keys() | set(touched)
    if not keys:
        return
    found = ((key, area_summary(notices)) for key, notices in live_notices(context.connection, keys).items())
    standing = {key: summary for key, summary in found if summary is not None}
    known = find_area_records(context.connection, keys)
    ended = [(key, record) for key, record in known.items() if record.live and key not in standing]
    changed = [
        (key, known[key], one)
        for key, one in standing.items()
        if key in known and not (known[key].live and known[key].digest == digest_of(context, one))
    ]
    unrecorded = standing.keys() - known.keys()
    # Of a touched area, a notice may have been replaced from the first, and may count only now.
    areas = {**_areas_of_members(context, unrecorded - named.keys()), **named}
    # A damaged notice names no area any more. It must not stop the submission of another notice.
    new = [(areas[key], standing[key]) for key in standing if key in unrecorded and key in areas]
    gone = end_area_records(context.connection, ended)
    # In the order of ids, as the matcher locks them.
    updated = update_area_records(context, sorted(changed, key=lambda one: one[1].pk))
    standing_now = [*updated, *insert_area_records(context, new)]
    context.announce_changed(NoticesReconsidered, [*gone, *standing_now])
    for action, records in ((AuditAction.AREAS_ENDED, gone), (AuditAction.AREAS_CHANGED, standing_now)):
        context.record_outcome(action, [(record.pk, record.revision) for record in records])


def _areas(context: SubmissionContext, record: WrittenRecord[Any]) -> list[Area]:
    if not record.draft.facts.shares_area:
        return []
    pairs = zip(record.values, record.tokens, strict=True)
    return [_area(context, kind, value, token) for (kind, value), (_, token) in pairs if kind in OF_AREAS]


def _areas_of_members(context: SubmissionContext, keys: Collection[bytes]) -> dict[bytes, Area]:
    """Return the areas by their keys. The `value` of each area is read from one of the area's live notices."""
    if not keys:
        return {}
    opened = open_records(context, NOTICES, members_of(context.connection, keys))
    token = context.store.tokeniser.token
    return {
        area.key: area
        for private in opened.values()
        for one in (place_of(private), *private.get("rivals", ()))
        for kind, value in values_of(one, NOTICES.side)
        if kind in OF_AREAS and (area := _area(context, kind, value, token(kind, value))).key in keys
    }


def _area(context: SubmissionContext, kind: TokenKind, value: str, token: bytes) -> Area:
    return Area(context.store.tokeniser.area_key(context.feed_id, kind, token), value, kind, token)
