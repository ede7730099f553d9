"""Reads the audit and the records, and keeps the figures counted from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, func, insert, or_, select

from services.audit.counting import COUNTED, Counts, Dimension, Said, add, first_acknowledgement
from services.audit.figures import SILENT_DAYS, STALE_DAYS, Figure
from services.audit.months import Month, month_of
from services.core.audit import AuditWord
from services.storage.tables import audit, cases, feeds, figures, matches, notices, register_entries

CASE_WORDS = (AuditWord.CASE_OPENED, AuditWord.CASE_MOVED, AuditWord.CASE_NOTED)


def said(
    connection: Connection,
    words: Collection[AuditWord] = COUNTED,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Said]:
    """What the audit says with these words, from `since` to before `until`, in order."""
    row = audit.c
    query = select(row.at, row.word, row.feed_id, row.fields).where(row.word.in_([word.value for word in words]))
    if since is not None:
        query = query.where(row.at >= since)
    if until is not None:
        query = query.where(row.at < until)
    for at, word, feed_id, fields in connection.execute(query.order_by(row.at, row.pk)):
        yield Said(at, AuditWord(word), feed_id, fields)


def said_of_month(connection: Connection, month: Month) -> Iterator[Said]:
    """What the audit says of a month: what happened in it, and the stock taken at its end, which is said after it."""
    flows = [word for word in COUNTED if word is not AuditWord.STOCK_TAKEN]
    yield from said(connection, flows, month.begins, month.ends)
    for row in said(connection, [AuditWord.STOCK_TAKEN], month.ends):
        if row.fields["month"] == str(month):
            yield row


def acknowledged_before(connection: Connection, moment: datetime) -> frozenset[tuple[str, str]]:
    """The cases, each with the issue of its notice, for which a named person had acted before."""
    rows = said(connection, CASE_WORDS, until=moment)
    return frozenset(known for row in rows if (known := first_acknowledgement(row)) is not None)


def first_month(connection: Connection) -> Month | None:
    """The month of the first thing the audit says."""
    first = connection.scalar(select(func.min(audit.c.at)))
    return month_of(first) if first is not None else None


def kept_months(connection: Connection) -> frozenset[str]:
    """The months whose figures are kept."""
    return frozenset(connection.scalars(select(figures.c.month).distinct()))


def kept(connection: Connection, month: Month) -> Counts:
    """The counts kept of a month."""
    row = figures.c
    query = select(row.figure, row.dimension, row.key, row.count).where(row.month == str(month))
    return Counts({(figure, dimension, key): count for figure, dimension, key, count in connection.execute(query)})


def keep(connection: Connection, month: Month, counts: Counts) -> None:
    """Keep the counts of a month, and that what was not counted was not there."""
    every = Counts({(figure.value, Dimension.TOTAL.value, ""): 0 for figure in Figure})
    every.update(counts)
    rows = [
        {"month": str(month), "figure": figure, "dimension": dimension, "key": key, "count": count}
        for (figure, dimension, key), count in sorted(every.items())
    ]
    connection.execute(insert(figures), rows)


def standings_on_record(connection: Connection) -> dict[str, str]:
    """The state of every case by its reference, as the records have it now."""
    return {reference: state for reference, state in connection.execute(select(cases.c.reference, cases.c.state))}  # noqa: C416 - rows are no pairs to dict()


def registers(connection: Connection, month: Month) -> Counts:
    """Live register entries, fresh and stale, on the last day of a month."""
    row = register_entries.c
    stale_before = month.last_day - timedelta(days=STALE_DAYS)
    stale = or_(row.last_confirmed_on.is_(None), row.last_confirmed_on < stale_before)
    kind = case((stale, "stale"), else_="fresh")
    counts = Counts()
    query = select(row.feed_id, kind, func.count()).where(row.live).group_by(row.feed_id, kind)
    for feed, found, number in connection.execute(query):
        for count in _keys(Figure.REGISTER_ENTRIES, feed, found):
            counts[count] += number
    return counts


def feeds_heard(connection: Connection, month: Month) -> Counts:
    """Councils and providers, heard and silent, at the end of a month."""
    counts = Counts()
    silent_before = month.ends - timedelta(days=SILENT_DAYS)
    for feed, heard in connection.execute(select(feeds.c.feed_id, feeds.c.last_heard_at)):
        kind = "heard" if heard is not None and heard >= silent_before else "silent"
        for count in _keys(Figure.FEEDS, feed, kind):
            counts[count] += 1
    return counts


def identified(connection: Connection) -> Counts:
    """Lines matched now, by whether the provider's notice said that they carry an alarm."""
    counts = Counts()
    query = (
        select(register_entries.c.feed_id, notices.c.feed_id, notices.c.telecare_known)
        .join_from(matches, notices, notices.c.pk == matches.c.notice_pk)
        .join(register_entries, register_entries.c.pk == matches.c.entry_pk)
        .where(matches.c.live, matches.c.level != "possible", matches.c.decision != "rejected")
    )
    for council, provider, known in connection.execute(query):
        kind = "known_to_provider" if known else "council_only"
        add(counts, Figure.IDENTIFICATION, council.partition(":")[2], [provider.partition(":")[2]], kind)
    return counts


def _keys(figure: Figure, feed: str, kind: str) -> list[tuple[str, str, str]]:
    role, _, code = feed.partition(":")
    return [(figure, Dimension.TOTAL, ""), (figure, Dimension(role), code), (figure, Dimension.KIND, kind)]
