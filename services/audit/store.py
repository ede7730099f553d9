from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, and_, case, func, insert, or_, select

from services.audit.figures.counting import CASE_ACTIONS, COUNTED, Counts, First, RecordedAction, add_counts, firsts_of
from services.audit.figures.figures import SILENT_DAYS, STALE_DAYS, Figure
from services.audit.figures.months import Month, month_of
from services.core.audit import AuditAction
from services.core.clock import london_day
from services.storage.tables import audit, feeds, figures, matches, notices, register_entries

# The number of audit rows held in memory at once. The audit table only grows, so it cannot be read whole.
CHUNK = 5_000


def recorded_actions(
    connection: Connection,
    actions: Collection[AuditAction] = COUNTED,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[RecordedAction]:
    row = audit.c
    query = select(row.at, row.action, row.feed_id, row.fields).where(
        row.action.in_([action.value for action in actions])
    )
    if since is not None:
        query = query.where(row.at >= since)
    if until is not None:
        query = query.where(row.at < until)
    # Ordered by id and not by time: if two processes move a case in turn, the clock of one may be behind.
    ordered = query.order_by(row.pk).execution_options(yield_per=CHUNK)
    for at, action, feed_id, fields in connection.execute(ordered):
        yield RecordedAction(at, AuditAction(action), feed_id, fields)


def recorded_actions_of_month(connection: Connection, month: Month) -> Iterator[RecordedAction]:
    # The stock of a month is recorded after its end, so it is read separately.
    flows = [action for action in COUNTED if action is not AuditAction.STOCK_TAKEN]
    yield from recorded_actions(connection, flows, month.begins, month.ends)
    for row in recorded_actions(connection, [AuditAction.STOCK_TAKEN], month.ends):
        if row.fields["month"] == str(month):
            yield row


def firsts_before(connection: Connection, moment: datetime) -> set[First]:
    return {first for row in recorded_actions(connection, CASE_ACTIONS, until=moment) for first in firsts_of(row)}


def first_month(connection: Connection) -> Month | None:
    first = connection.scalar(select(audit.c.at).order_by(audit.c.pk).limit(1))
    return month_of(first) if first is not None else None


def closed_months(connection: Connection) -> frozenset[str]:
    """Return the months, such as `2026-11`, whose month-end figures are in the audit."""
    query = select(audit.c.subject).where(audit.c.action == AuditAction.STOCK_TAKEN.value).distinct()
    return frozenset(connection.scalars(query))


def kept_months(connection: Connection) -> frozenset[str]:
    return frozenset(connection.scalars(select(figures.c.month).distinct()))


def kept(connection: Connection, month: Month) -> Counts:
    row = figures.c
    query = select(row.figure, row.dimension, row.key, row.count).where(row.month == str(month))
    return Counts({(figure, dimension, key): count for figure, dimension, key, count in connection.execute(query)})


def keep(connection: Connection, month: Month, counts: Counts) -> None:
    rows = [
        {"month": str(month), "figure": str(figure), "dimension": str(dimension), "key": key, "count": count}
        # Sorted, so that equal figures make equal rows in equal order.
        for (figure, dimension, key), count in sorted(counts.items())
    ]
    connection.execute(insert(figures), rows)


def registers(connection: Connection, moment: datetime) -> Counts:
    """An entry is stale after STALE_DAYS days without a confirmation."""
    row = register_entries.c
    stale_before = london_day(moment) - timedelta(days=STALE_DAYS)
    # An entry that nobody ever confirmed is stale.
    stale = or_(row.last_confirmed_on.is_(None), row.last_confirmed_on < stale_before)
    kind = case((stale, "stale"), else_="fresh")
    counts = Counts()
    query = select(row.feed_id, kind, func.count()).where(row.live).group_by(row.feed_id, kind)
    for feed, found, number in connection.execute(query):
        add_counts(counts, Figure.REGISTER_ENTRIES, _code(feed), (), found, number)
    return counts


def agreements(connection: Connection, until: datetime, moment: datetime) -> Counts:
    """Count the councils by agreement: in force, expired or none."""
    council, entry = feeds.c, register_entries.c
    # An agreement without an end date never expires.
    ends = case((entry.pk.is_not(None), func.coalesce(entry.agreement_until, date.max)))
    query = (
        select(council.code, func.max(ends))
        .join_from(
            feeds,
            register_entries,
            and_(entry.feed_id == council.feed_id, entry.live, entry.agreement_named),
            # Keeps councils without any entry, which count as `none_named`.
            isouter=True,
        )
        .where(council.kind == "council", council.created_at < until)
        .group_by(council.code)
    )
    counts, today = Counts(), london_day(moment)
    for code, last in connection.execute(query):
        # Of several agreements, only the agreement that ends last counts.
        kind = "none_named" if last is None else "in_force" if last >= today else "expired"
        add_counts(counts, Figure.AGREEMENTS, code, (), kind)
    return counts


def feeds_heard(connection: Connection, until: datetime, moment: datetime) -> Counts:
    """A feed is silent after SILENT_DAYS days without data."""
    counts = Counts()
    silent_before = moment - timedelta(days=SILENT_DAYS)
    query = select(feeds.c.kind, feeds.c.code, feeds.c.last_heard_at).where(feeds.c.created_at < until)
    for role, code, heard in connection.execute(query):
        kind = "heard" if heard is not None and heard >= silent_before else "silent"
        council, providers = (code, []) if role == "council" else (None, [code])
        add_counts(counts, Figure.FEEDS, council, providers, kind)
    return counts


def identified(connection: Connection) -> Counts:
    """Count the matches by who knew of the alarm: the provider, or only the council."""
    counts = Counts()
    known = case((notices.c.telecare_known.is_(True), "known_to_provider"), else_="council_only")
    query = (
        select(register_entries.c.feed_id, notices.c.feed_id, known, func.count())
        .join_from(matches, notices, notices.c.pk == matches.c.notice_pk)
        .join(register_entries, register_entries.c.pk == matches.c.entry_pk)
        # A possible match is too uncertain to count against a provider.
        .where(matches.c.live, matches.c.level != "possible", matches.c.decision != "rejected")
        .group_by(register_entries.c.feed_id, notices.c.feed_id, known)
    )
    for council, provider, kind, number in connection.execute(query):
        add_counts(counts, Figure.IDENTIFICATION, _code(council), [_code(provider)], kind, number)
    return counts


def _code(feed_id: str) -> str:
    return feed_id.partition(":")[2]
