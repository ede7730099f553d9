"""How the deployment stands: the figures of `/metrics`, and what they mean to a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from services.alerts.delivery.channels.routes import RouteRefusedError, what_is_understood
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.policy.councils import load_council
from services.runtime.cli.support.output import counted, plain, span
from services.runtime.cli.support.store import councils_with_running_cases, count_given_up, live_rows
from services.runtime.gauges.gauges import SafetyGauges
from services.runtime.settings import Settings
from services.storage.feeds import Feed, list_feeds
from services.storage.store import Store

# After this an event that nobody has handled is overdue, as a due case and a due delivery are (see gauges.py).
LATE_SECONDS: Final = 120

# After this a loop that beats every 30 seconds is taken to have ended.
SILENT_SECONDS: Final = 180

# After this a consumer that gets a canary each minute is taken to have ended, as the alert has it.
UNHEARD_SECONDS: Final = 300

# The names of loops in sentences, where they differ from those in metrics.
LOOPS: Final = {
    "dispatcher": "event dispatcher",
    "deliveries": "delivery of alerts",
    "missed": "search for events left alone",
    "closing": "closing of months",
}

# A delivery that was given up counts as failing for this long.
GIVEN_UP_WITHIN: Final = timedelta(days=1)

Counts = Mapping[str, int]


@dataclass(frozen=True)
class DeploymentStatus:
    """How the deployment stands at `at`. Ages are in seconds, 0 where nothing is waiting."""

    at: datetime
    feeds: tuple[Feed, ...]
    live_rows: Counts
    matches: Counts
    cases: Counts
    deliveries: Counts
    oldest_unacknowledged: float
    overdue: int
    past_date: int
    without_due_time: int
    outbox: int
    outbox_age: float
    quarantined: int
    given_up: int
    # Seconds since the last heartbeat of each loop of background work; empty where nothing ever served.
    loops: Mapping[str, float]
    # With Kafka: age in seconds of the last canary that each consumer has heard.
    consumers: Mapping[str, float]
    # Names of councils with open cases and no contact.
    councils_without_contacts: tuple[str, ...]
    # What is wrong with each fallback route that cannot be used, by its number.
    operator_routes_refused: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """Return what is overdue or failing, a sentence each."""
        return tuple(_faults(self))

    def as_json(self) -> dict[str, Any]:
        # Dates as text; json knows none.
        feeds = [{**asdict(feed), "live_rows": self.live_rows.get(feed.feed_id, 0)} for feed in self.feeds]
        plain_figures = {name: value for name, value in asdict(self).items() if name not in ("feeds", "live_rows")}
        moments = {"at": self.at.isoformat()}
        for feed in feeds:
            heard = feed["last_heard_at"]
            feed["last_heard_at"] = heard.isoformat() if isinstance(heard, datetime) else None
        return {**plain_figures, **moments, "feeds": feeds, "faults": list(self.faults)}


def stand(store: Store, settings: Settings) -> DeploymentStatus:
    now = store.now()
    figures = {
        # The figures of `/metrics`, so that both always say the same.
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in SafetyGauges(store).collect()
    }
    with store.reading() as connection:
        feeds = tuple(list_feeds(connection))
        live = live_rows(connection)
        given_up = count_given_up(connection, now - GIVEN_UP_WITHIN)
        # Where the operator is told instead, a council without contacts is no fault.
        alone = () if settings.fallback_routes else _councils_without_contacts(connection, store)
    return DeploymentStatus(
        at=now,
        feeds=feeds,
        live_rows=live,
        matches=_by_label(figures["pullcord_matches"]),
        cases=_by_label(figures["pullcord_cases"]),
        deliveries=_by_label(figures["pullcord_deliveries"]),
        oldest_unacknowledged=_one(figures["pullcord_alert_oldest_unacknowledged_seconds"]),
        overdue=int(_one(figures["pullcord_steps_overdue"])),
        past_date=int(_one(figures["pullcord_cases_past_date_unconfirmed"])),
        without_due_time=int(_one(figures["pullcord_cases_without_due_time"])),
        outbox=int(_one(figures["pullcord_outbox_unpublished"])),
        outbox_age=_one(figures["pullcord_outbox_oldest_seconds"]),
        quarantined=int(_one(figures["pullcord_events_quarantined"])),
        given_up=given_up,
        loops={loop: age for (loop,), age in figures["pullcord_loop_age_seconds"].items()},
        consumers={one: age for (one,), age in figures["pullcord_canary_age_seconds"].items()},
        councils_without_contacts=alone,
        operator_routes_refused=tuple(_refused(settings)),
    )


def _faults(now: DeploymentStatus) -> Iterator[str]:
    # A beat of the relay shows that this deployment is distributed.
    serving = "is every role of `pullcord run` running?" if "relay" in now.loops else "is `pullcord serve` running?"
    yield from _silent_loops(now, serving)
    if now.overdue:
        yield f"{counted(now.overdue, 'step')} overdue by more than two minutes: {serving}"
    if now.outbox_age > LATE_SECONDS:
        yield f"{counted(now.outbox, 'event')} not yet handled, the oldest since {span(now.outbox_age)}: {serving}"
    if now.without_due_time:
        silent = counted(now.without_due_time, "open case")
        yield f"{silent} without a time at which anybody looks again: run `pullcord rebuild`, and report this"
    if now.past_date:
        yield f"{counted(now.past_date, 'case')} past the harmful day and not confirmed safe: see `pullcord cases`"
    for name in now.councils_without_contacts:
        yield f"{plain(name)} has open cases and nobody to tell: `pullcord policy contact add`"
    yield from now.operator_routes_refused
    if now.deliveries.get(DeliveryState.WAITING):
        failing = counted(now.deliveries[DeliveryState.WAITING], "alert")
        yield f"{failing} could not be delivered yet, and will be tried again"
    if now.given_up:
        yield f"{counted(now.given_up, 'alert')} given up in the last day: see the contacts with `pullcord policy show`"
    if now.quarantined:
        yield f"{counted(now.quarantined, 'event')} in quarantine because they cannot be handled: please report this"


def _silent_loops(now: DeploymentStatus, serving: str) -> Iterator[str]:
    for loop, age in now.loops.items():
        # Its name is that of the metric where no sentence calls it otherwise.
        if age > SILENT_SECONDS:
            yield f"the {LOOPS.get(loop, loop)} last looked {span(age)} ago: {serving}"
    # Without a relay nobody publishes canaries: in one process, or while the relay is silent itself.
    if now.loops.get("relay", SILENT_SECONDS + 1) > SILENT_SECONDS:
        return
    for consumer, age in now.consumers.items():
        if age > UNHEARD_SECONDS:
            yield f"the consumer {consumer} was last heard of {span(age)} ago: is `pullcord run {consumer}` running?"


def _councils_without_contacts(connection: Connection, store: Store) -> tuple[str, ...]:
    councils = [load_council(connection, store, feed_id) for feed_id in councils_with_running_cases(connection)]
    return tuple(one.name for one in councils if not any(tier.contacts for tier in one.policy.tiers))


def _refused(settings: Settings) -> Iterator[str]:
    for number, route in enumerate(settings.fallback_routes, start=1):
        try:
            # Nothing is sent: whether a mail server takes it shows only when somebody must be told.
            what_is_understood(route.get_secret_value())
        except RouteRefusedError as error:
            yield f"PULLCORD_FALLBACK_ROUTES reaches nobody by its route {number}: {error.remedy}"


def _by_label(samples: Mapping[tuple[str, ...], float]) -> Counts:
    return {label: int(value) for (label,), value in samples.items()}


def _one(samples: Mapping[tuple[str, ...], float]) -> float:
    return samples[()]
