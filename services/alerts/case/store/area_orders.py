from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select

from schemas.codes import REPORTED, NoticeStatus
from services.storage.tables import area_members, notices


def nearest_on_area(connection: Connection, area_key: bytes, limit: int) -> Sequence[Row[Any]]:
    row = notices.c
    day = func.coalesce(row.restriction_on, row.planned_on)
    query = _standing(select(row.pk, row.record_key, row.sealed), area_key)
    # Notices without a date come last among their like.
    order = (row.status.in_([status.value for status in REPORTED]), day.is_(None), day, row.pk)
    return connection.execute(query.order_by(*order).limit(limit)).all()


def count_on_area(connection: Connection, area_key: bytes) -> int:
    count: int = connection.scalars(_standing(select(func.count()), area_key)).one()
    return count


def _standing(query: Select[Any], area_key: bytes) -> Select[Any]:
    row, gone = notices.c, NoticeStatus.WITHDRAWN.value
    # Of two versions that nothing tells apart, both count: a withdrawal may be the older one.
    stands = or_(row.status != gone, row.rival_status != gone)
    joined = query.join_from(area_members, notices, row.pk == area_members.c.notice_pk)
    return joined.where(area_members.c.area_key == area_key, row.live, stands)
