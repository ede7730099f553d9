from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Connection, func, literal, select, type_coerce

from services.storage.tables import feeds, submissions

_MICROSECONDS_A_DAY = 86_400_000_000


def days_heard(
    connection: Connection, most: int, only: Collection[str] | None = None
) -> Mapping[str, Sequence[datetime]]:
    """Return, for each feed, the time of the last submission of each day (UTC), newest first.

    Days without a submission are left out.
    """
    newest = select(feeds.c.feed_id, feeds.c.last_heard_at.label("at"), literal(1).label("number"))
    if only is not None:
        newest = newest.where(feeds.c.feed_id.in_(only))
    heard = newest.where(feeds.c.last_heard_at.is_not(None)).cte("heard", recursive=True)
    # From day to day by the index. Some feeds send thousands of submissions a day, so this query does not read them
    # all.
    at = type_coerce(heard.c.at, BigInteger)
    before = type_coerce(submissions.c.received_at, BigInteger) < at - at % literal(_MICROSECONDS_A_DAY, BigInteger)
    previous = (
        select(func.max(submissions.c.received_at))
        .where(submissions.c.feed_id == heard.c.feed_id, before)
        .correlate(heard)
        .scalar_subquery()
    )
    step = select(heard.c.feed_id, previous, heard.c.number + 1)
    heard = heard.union_all(step.where(heard.c.number < most, heard.c.at.is_not(None)))
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for feed_id, moment in connection.execute(select(heard.c.feed_id, heard.c.at).where(heard.c.at.is_not(None))):
        found[feed_id].append(moment)
    return found
