"""Counts relaxed cases: cases that a feed has ended or delayed without a person's consent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from services.alerts.states.machine import ENDED
from services.storage.dialect import upsert
from services.storage.tables import cases, relaxations


def count_alone(connection: Connection, feed_id: str, now: datetime) -> None:
    """Lock the council's count of relaxed cases until the transaction ends.

    If PostgreSQL raises a serialisation error, the caller must repeat the whole transaction.
    """
    # A row that every turn writes. The row of the feed is not locked, so that no submission waits.
    # If the transaction has read data before another turn ended, PostgreSQL may refuse the write.
    turn = upsert(connection, relaxations, ("feed_id",), ("taken_at",))
    connection.execute(turn, {"feed_id": feed_id, "taken_at": now})


def relaxed_since(connection: Connection, feed_id: str, since: datetime) -> set[int]:
    return set(connection.scalars(select(cases.c.pk).where(*_relaxed(feed_id, since))))


def open_or_relaxed(connection: Connection, feed_id: str, since: datetime) -> int:
    running = cases.c.state.not_in([state.value for state in ENDED])
    query = select(func.count()).where(cases.c.feed_id == feed_id, or_(running, cases.c.relaxed_at > since))
    return connection.scalars(query).one()


def _relaxed(feed_id: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return cases.c.feed_id == feed_id, cases.c.relaxed_at > since
