"""Finds silent feeds. A feed is silent if nothing came for longer than the feed's usual rhythm allows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from services.alerts.delivery.store.silences import due_silences, feeds_to_judge, move_silence, write_silence
from services.core.clock import london_day, london_midnight
from services.core.days.feed_rhythm import GAPS_KEPT, SHORTEST, allowed_silence
from services.core.days.working_days import add_working_days, is_working_day, nation_of
from services.storage.dialect import Exclusive, try_exclusive
from services.storage.events.feed_history import days_heard


def mark_silent_feeds(connection: Connection, now: datetime) -> int:
    """Return the number of feeds with a due alert."""
    # Of two workers, one judges.
    if not try_exclusive(connection, Exclusive.SILENCES):
        return 0
    _judge(connection, now)
    today, alerted = london_day(now), 0
    for feed_id in due_silences(connection, now):
        nation = nation_of(feed_id)
        at_work = is_working_day(today, nation)
        again = london_midnight(add_working_days(today, 1, nation))
        move_silence(connection, feed_id, again, now if at_work else None)
        alerted += at_work
    return alerted


def _judge(connection: Connection, now: datetime) -> None:
    # Each silence is judged once, because the history of a feed is dear to read.
    feeds = feeds_to_judge(connection, now - SHORTEST)
    if not feeds:
        return
    # One more moment than gaps.
    heard = days_heard(connection, GAPS_KEPT + 1, feeds)
    for feed_id, moments in heard.items():
        last = max(moments)
        write_silence(connection, feed_id, last, last + allowed_silence(moments))
