"""Finds silent feeds, for the alert to the operator.

A feed is silent if it has sent nothing for longer than the feed's rhythm allows. Without an alert, a broken feed looks
like a feed that has nothing to send.
"""

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
    """Mark each silent feed as alerted if an alert about the feed is due. Return the number of marked feeds.

    An alert is due when the silence exceeds the feed's rhythm. An alert is due again at the start of each working day
    in the feed's nation. On a day off no alert is due. A feed that has never sent anything is not silent.
    """
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
