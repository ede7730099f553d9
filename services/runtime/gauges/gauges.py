"""Safety gauges, read from the database at each scrape: what they say is so, whichever process is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from services.alerts.review.owed import LOOK_AGAIN
from services.alerts.states.machine import CLOCK_STOPPED, ENDED, State
from services.core.clock import london_day
from services.runtime.consumers import CONSUMERS
from services.runtime.gauges.upkeep_gauges import upkeep
from services.storage.events.canaries import oldest_heard
from services.storage.events.loops import beats
from services.storage.events.outbox import oldest_unpublished
from services.storage.store import Store
from services.storage.tables import alert_cases, alerts, cases, deliveries, feeds, matches, outbox, quarantine

STOPPED = [state.value for state in CLOCK_STOPPED]
UNSAFE_AFTER_DATE = [state.value for state in State if state not in CLOCK_STOPPED | {State.MIGRATED}]
"""A line that moved after somebody confirmed the alarm owes a test call, and no confirmation."""


class SafetyGauges(Collector):
    """What must never grow unseen."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """No metric is named before a database is there."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read every gauge in one transaction."""
        now = self._store.now()
        with self._store.reading() as connection:
            yield from list(_families(connection, now))


class EndedLoops(Collector):
    """Loops of this process that have ended without being told to: `count` says how many."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count them."""
        yield _one("pullcord_loops_ended", "Loops of this process that have ended.", self._count())


class Sends(Protocol):
    """The sends of this process."""

    @property
    def stuck(self) -> int:
        """How many have passed their deadline and not ended."""
        ...

    @property
    def full(self) -> bool:
        """Whether nothing can be sent to anybody until one ends."""
        ...


class SendGauges(Collector):
    """The sends of this process that hang."""

    def __init__(self, sends: Sends) -> None:
        self._sends = sends

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count them."""
        yield _one(
            "pullcord_sends_stuck",
            "Sends of this process that have passed their deadline and not ended.",
            self._sends.stuck,
        )


def _families(connection: Connection, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield _age(
        "pullcord_alert_oldest_unacknowledged_seconds",
        "Age of the oldest alert over an open case that nobody has acknowledged.",
        _oldest_alert(connection, now),
        now,
    )
    yield _one(
        "pullcord_steps_overdue",
        "Cases and deliveries whose time has passed by more than two minutes.",
        _overdue(connection, now),
    )
    yield _one(
        "pullcord_cases_without_due_time",
        "Open cases that nobody will look at again: they have no due time, or one further ahead than any look.",
        _without_due_time(connection, now),
    )
    yield _age(
        "pullcord_outbox_oldest_seconds",
        "Age of the oldest event not yet published.",
        oldest_unpublished(connection),
        now,
    )
    yield _one(
        "pullcord_outbox_unpublished",
        "Events not yet published.",
        connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))),
    )
    yield _one(
        "pullcord_cases_past_date_unconfirmed",
        "Open cases whose harmful day has passed without a confirmation, a confirmed hold or a withdrawal.",
        _past_date(connection, now),
    )
    yield _one(
        "pullcord_events_quarantined",
        "Events in quarantine because they can never be handled.",
        connection.scalar(select(func.count()).select_from(quarantine)),
    )
    yield _by(
        "pullcord_cases",
        "Cases by state.",
        "state",
        connection.execute(select(cases.c.state, func.count()).group_by(cases.c.state)),
    )
    yield _by(
        "pullcord_matches",
        "Live matches by level.",
        "level",
        connection.execute(select(matches.c.level, func.count()).where(matches.c.live).group_by(matches.c.level)),
    )
    yield _by(
        "pullcord_deliveries",
        "Deliveries of alerts by state.",
        "state",
        connection.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state)),
    )
    yield _silence(connection, now)
    yield _canaries(connection, now)
    yield _loops(connection, now)
    yield from upkeep(connection, now)


def _one(name: str, text: str, value: int | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value or 0)


def _age(name: str, text: str, since: datetime | None, now: datetime) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=max(0.0, (now - since).total_seconds()) if since else 0.0)


def _by(name: str, text: str, label: str, rows: object) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, count in rows:  # type: ignore[attr-defined]
        family.add_metric((value,), count)
    return family


def _oldest_alert(connection: Connection, now: datetime) -> datetime | None:
    """The oldest alert over a case that waits for a named person; those from before its last pause are answered."""
    since = func.coalesce(cases.c.paused_until, cases.c.opened_at)
    waiting = cases.c.state.not_in(STOPPED) & (cases.c.paused_until.is_(None) | (cases.c.paused_until <= now))
    query = (
        select(func.min(alerts.c.created_at))
        .join_from(alerts, alert_cases, alert_cases.c.alert_pk == alerts.c.pk)
        .join(cases, cases.c.pk == alert_cases.c.case_pk)
        .where(waiting, alerts.c.created_at >= since)
    )
    found: datetime | None = connection.scalar(query)
    return found


def _overdue(connection: Connection, now: datetime) -> int:

    limit = now - timedelta(minutes=2)
    counts = [
        connection.scalar(select(func.count()).select_from(table).where(table.c.due_at < limit))
        for table in (cases, deliveries)
    ]
    return sum(count or 0 for count in counts)


def _without_due_time(connection: Connection, now: datetime) -> int | None:
    running = cases.c.state.not_in([state.value for state in ENDED])
    never = cases.c.due_at.is_(None) | (cases.c.due_at > now + LOOK_AGAIN + timedelta(hours=1))
    return connection.scalar(select(func.count()).select_from(cases).where(running, never))


def _past_date(connection: Connection, now: datetime) -> int | None:
    past = (cases.c.harm_on < london_day(now), cases.c.state.in_(UNSAFE_AFTER_DATE))
    return connection.scalar(select(func.count()).select_from(cases).where(*past))


def _canaries(connection: Connection, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_canary_age_seconds",
        "Age of the last canary that a consumer has heard, of the partition where that is longest ago.",
        labels=("consumer",),
    )
    for role in CONSUMERS:
        since = oldest_heard(connection, role.name, role.topics)
        if since is not None:
            family.add_metric((role.name,), (now - since).total_seconds())
    return family


def _loops(connection: Connection, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_loop_age_seconds",
        "Age of the last sign of life of a loop of background work, in whichever process it is.",
        labels=("loop",),
    )
    for name, beat_at in beats(connection).items():
        family.add_metric((name,), max(0.0, (now - beat_at).total_seconds()))
    return family


def _silence(connection: Connection, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_feed_silent_seconds",
        "Time since a feed was last heard; since it was added, if never.",
        labels=("feed",),
    )
    for feed, heard, added in connection.execute(select(feeds.c.feed_id, feeds.c.last_heard_at, feeds.c.created_at)):
        family.add_metric((feed,), (now - (heard or added)).total_seconds())
    return family
