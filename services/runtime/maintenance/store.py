from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from services.alerts.states.machine import ENDED
from services.storage.tables import cases, feeds, matches, notices, register_entries


def entries_after(connection: Connection, pk: int, limit: int) -> Sequence[int]:
    query = select(register_entries.c.pk).where(register_entries.c.pk > pk).order_by(register_entries.c.pk)
    return connection.scalars(query.limit(limit)).all()


def cases_to_export(feed_id: str | None, *, ended: bool) -> Select[Any]:
    query = select(cases, feeds.c.code).join_from(cases, feeds, feeds.c.feed_id == cases.c.feed_id).order_by(cases.c.pk)
    if feed_id is not None:
        query = query.where(cases.c.feed_id == feed_id)
    if not ended:
        query = query.where(cases.c.state.not_in([state.value for state in ENDED]))
    return query


def matches_to_export(feed_id: str | None, *, ended: bool) -> Select[Any]:
    provider: Table = feeds.alias("provider")  # type: ignore[assignment]
    council: Table = feeds.alias("council")  # type: ignore[assignment]
    query = (
        select(
            matches,
            notices.c.status,
            notices.c.planned_on,
            notices.c.restriction_on,
            notices.c.issued_at,
            provider.c.code.label("provider"),
            council.c.code.label("council"),
        )
        .join_from(matches, notices, notices.c.pk == matches.c.notice_pk)
        .join(register_entries, register_entries.c.pk == matches.c.entry_pk)
        .join(provider, provider.c.feed_id == notices.c.feed_id)
        .join(council, council.c.feed_id == register_entries.c.feed_id)
        .order_by(matches.c.entry_pk, matches.c.notice_pk)
    )
    if feed_id is not None:
        query = query.where(register_entries.c.feed_id == feed_id)
    if not ended:
        query = query.where(matches.c.live)
    return query
