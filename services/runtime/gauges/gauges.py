from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from services.alerts.delivery.drills.store import councils_by_last_drill
from services.core.days.feed_rhythm import GAPS_KEPT, SilencePolicy, allowed_silence
from services.runtime.consumers import CONSUMERS
from services.runtime.gauges import store as figures
from services.runtime.gauges.upkeep_gauges import upkeep
from services.storage.events.canaries import oldest_heard
from services.storage.events.feed_history import days_heard
from services.storage.events.loops import beats
from services.storage.events.outbox import count_unpublished, oldest_unpublished
from services.storage.store import Store


class SafetyGauges(Collector):
    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterator[GaugeMetricFamily]:
        # Without this method, the registry would call collect() for the names, when there may be no database yet.
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._store.now()
        # One transaction, so that all figures of a scrape are from the same moment.
        with self._store.reading() as connection:
            yield from list(_families(connection, now, self._store.policy.silence))


class EndedLoops(Collector):
    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _one("pullcord_loops_ended", "Loops of this process that have ended.", self._count())


class SendPool(Protocol):
    @property
    def stuck(self) -> int: ...

    @property
    def open(self) -> int:
        # The number of destinations that keep failing, and so get only probes.
        ...

    @property
    def full(self) -> bool: ...


class SendGauges(Collector):
    def __init__(self, sends: SendPool) -> None:
        self._sends = sends

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _one(
            "pullcord_sends_stuck",
            "Sends of this process that have passed their deadline and not ended.",
            self._sends.stuck,
        )
        yield _one(
            "pullcord_destinations_open",
            "Destinations that keep failing, and to which this process sends only probes.",
            self._sends.open,
        )


def _families(connection: Connection, now: datetime, silence: SilencePolicy) -> Iterator[GaugeMetricFamily]:
    yield _age(
        "pullcord_alert_oldest_unacknowledged_seconds",
        "Age of the oldest alert over an open case that nobody has acknowledged.",
        figures.oldest_unacknowledged_alert(connection, now),
        now,
    )
    yield _one(
        "pullcord_steps_overdue",
        "Cases and deliveries whose time has passed by more than two minutes.",
        figures.count_overdue(connection, now),
    )
    yield _one(
        "pullcord_cases_without_due_time",
        "Open cases that nobody will look at again: they have no due time, or one further ahead than any look.",
        figures.count_without_due_time(connection, now),
    )
    yield _age(
        "pullcord_outbox_oldest_seconds",
        "Age of the oldest event not yet published.",
        oldest_unpublished(connection),
        now,
    )
    yield _one("pullcord_outbox_unpublished", "Events not yet published.", count_unpublished(connection))
    yield _one(
        "pullcord_cases_changes_waiting",
        "Cases that a feed would end or delay, and that wait until a person agrees.",
        figures.count_waiting_changes(connection),
    )
    yield _age(
        "pullcord_cases_changes_waiting_oldest_seconds",
        "Time since the first change of the oldest such case.",
        figures.oldest_waiting_change(connection),
        now,
    )
    yield _one(
        "pullcord_matching_unfinished",
        "Notices and register entries whose possible matches by area or postcode are not all found yet.",
        figures.count_unfinished_matching(connection),
    )
    yield _age(
        "pullcord_matching_unfinished_oldest_seconds",
        "Time since the oldest of these notices and entries was first matched.",
        figures.oldest_unfinished_matching(connection),
        now,
    )
    yield _one(
        "pullcord_cases_past_date_unconfirmed",
        "Open cases whose harmful day has passed without a confirmation, a confirmed hold or a withdrawal.",
        figures.count_past_date(connection, now),
    )
    yield _newest_past_date(connection, now)
    yield _one(
        "pullcord_events_quarantined",
        "Events in quarantine because they can never be handled.",
        figures.count_quarantined(connection),
    )
    yield _one(
        "pullcord_rows_refused_overdue",
        "Rows that were refused and not sent again within a working day.",
        figures.count_refused_overdue(connection, now),
    )
    yield _one(
        "pullcord_files_refused_overdue",
        "Files and bodies that were refused as a whole, and after which none was taken in within a working day.",
        figures.count_refused_files_overdue(connection, now),
    )
    yield _by(
        "pullcord_council_drills",
        "Councils by the state of their last drill.",
        "state",
        councils_by_last_drill(connection),
    )
    yield _by("pullcord_cases", "Cases by state.", "state", figures.cases_by_state(connection))
    yield _by("pullcord_matches", "Live matches by level.", "level", figures.live_matches_by_level(connection))
    yield _by("pullcord_deliveries", "Deliveries of alerts by state.", "state", figures.deliveries_by_state(connection))
    yield _silence(connection, now)
    yield _allowed_silence(connection, silence)
    yield _canaries(connection, now)
    yield _loops(connection, now)
    yield from upkeep(connection, now)


def _one(name: str, text: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _age(name: str, text: str, since: datetime | None, now: datetime) -> GaugeMetricFamily:
    # Never negative: the clock of the process that wrote the row may be ahead of this clock.
    return GaugeMetricFamily(name, text, value=max(0.0, (now - since).total_seconds()) if since else 0.0)


def _by(name: str, text: str, label: str, counts: Iterable[tuple[str, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, count in counts:
        family.add_metric((value,), count)
    return family


def _canaries(connection: Connection, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_canary_age_seconds",
        "Age of the last canary that a consumer has heard, of the partition where that is longest ago.",
        labels=("consumer",),
    )
    for role in CONSUMERS:
        since = oldest_heard(connection, role.name, role.topics)
        # In a deployment without a relay there are no canaries, and so no sample.
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


def _newest_past_date(connection: Connection, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_cases_past_date_newest_seconds",
        "Time since the last of the cases past their harmful day came to be so.",
    )
    # Without such a case there is no sample: 0 would say that one has come just now.
    newest = figures.newest_past_date(connection, now)
    if newest is not None:
        family.add_metric((), max(0.0, (now - newest).total_seconds()))
    return family


def _silence(connection: Connection, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_feed_silent_seconds",
        "Time since a feed was last heard; since it was added, if never.",
        labels=("feed",),
    )
    for feed, heard in figures.feeds_last_heard(connection):
        family.add_metric((feed,), (now - heard).total_seconds())
    return family


def _allowed_silence(connection: Connection, policy: SilencePolicy) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_feed_silence_allowed_seconds",
        "Time after its last submission from which on a feed counts as silent, by its own rhythm.",
        labels=("feed",),
    )
    # There is one moment more than there are gaps.
    heard = days_heard(connection, GAPS_KEPT + 1)
    for feed, _ in figures.feeds_last_heard(connection):
        family.add_metric((feed,), allowed_silence(heard.get(feed, ()), policy).total_seconds())
    return family
