from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.alerts.delivery.channels.routes import RouteRefusedError, what_is_understood
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.delivery.drills.rules import DrillState
from services.alerts.policy.councils import Council, load_council
from services.core.errors import RefusedError
from services.runtime.bootstrap import typed_route
from services.runtime.cli.support.output import counted, plain, span
from services.runtime.cli.support.store import councils_with_running_cases, count_given_up, live_rows
from services.runtime.gauges.gauges import SafetyGauges
from services.runtime.settings import Settings
from services.storage.backup.backup import last_on_record
from services.storage.feeds import Feed, list_feeds
from services.storage.store import Store

# An unhandled event is overdue after this time, as is a due case or delivery (see `OVERDUE_AFTER` of the gauges).
LATE_SECONDS: Final = 120

# An area with very many homes is matched in turns. After this time it is overdue.
UNFINISHED_SECONDS: Final = 900

# A loop sends a heartbeat every 30 seconds. After this time without one, it counts as ended.
SILENT_SECONDS: Final = 180

# A consumer gets a canary each minute. After this time without one, it counts as ended, as in the Prometheus alert.
UNHEARD_SECONDS: Final = 300

# The clocks of all machines may differ by this much.
AHEAD_SECONDS: Final = 300

# The names of loops in sentences, if they differ from the names in metrics.
LOOPS: Final = {
    "dispatcher": "event dispatcher",
    "deliveries": "delivery of alerts",
    "missed": "search for events left alone",
    "closing": "closing of months",
    "drills": "search for drills that are due",
}

# A delivery that was given up is reported for this long.
GIVEN_UP_WITHIN: Final = timedelta(days=1)

Counts = Mapping[str, int]


@dataclass(frozen=True)
class DeploymentStatus:
    # An age is in seconds. The age is 0 if nothing is waiting.
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
    # Cases that a feed would end or delay, and that wait until a person agrees.
    changes_waiting: int
    # Notices and entries whose possible matches are not all found yet, and the age in seconds of the oldest.
    unfinished_records: int
    unfinished_age: float
    quarantined: int
    # The feeds that are silent for longer than their rhythm allows, with the seconds since each was last heard.
    silent_feeds: Mapping[str, float]
    given_up: int
    # Councils of which nobody answered the last drill in time.
    drills_unanswered: int
    # Seconds since the last heartbeat of each background loop. Empty if no loop has ever run.
    loops: Mapping[str, float]
    # With Kafka: the age in seconds of the last canary that each consumer has received.
    consumers: Mapping[str, float]
    # Seconds by which the newest thing on record is later than the clock of this machine.
    record_ahead: float
    # Names of councils with open cases and no contact.
    councils_without_contacts: tuple[str, ...]
    # Names of councils with open cases whose policy does not open. The operator is alerted in their place.
    damaged_policies: tuple[str, ...]
    # A sentence for each fallback route that cannot be used. It names the route by its number.
    operator_routes_refused: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(_faults(self))

    def as_json(self) -> dict[str, Any]:
        # JSON has no dates, so they become text.
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
        # The same code as for `/metrics`, so that both always report the same figures.
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in SafetyGauges(store).collect()
    }
    with store.reading() as connection:
        feeds = tuple(list_feeds(connection))
        live = live_rows(connection)
        newest = last_on_record(connection)
        given_up = count_given_up(connection, now - GIVEN_UP_WITHIN)
        # A council without contacts is no fault if the operator is alerted instead.
        councils = [load_council(connection, store, feed_id) for feed_id in councils_with_running_cases(connection)]
        alone = () if settings.fallback_routes else _without_contacts(councils)
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
        changes_waiting=int(_one(figures["pullcord_cases_changes_waiting"])),
        unfinished_records=int(_one(figures["pullcord_matching_unfinished"])),
        unfinished_age=_one(figures["pullcord_matching_unfinished_oldest_seconds"]),
        quarantined=int(_one(figures["pullcord_events_quarantined"])),
        silent_feeds=_silent_feeds(figures),
        given_up=given_up,
        drills_unanswered=_unanswered(figures["pullcord_council_drills"]),
        loops={loop: age for (loop,), age in figures["pullcord_loop_age_seconds"].items()},
        record_ahead=max(0.0, (newest - now).total_seconds()) if newest else 0.0,
        consumers={one: age for (one,), age in figures["pullcord_canary_age_seconds"].items()},
        councils_without_contacts=alone,
        damaged_policies=tuple(one.name for one in councils if one.damaged),
        operator_routes_refused=tuple(_refused(settings)),
    )


def _faults(now: DeploymentStatus) -> Iterator[str]:
    # Only a distributed deployment has a heartbeat of a relay.
    serving = "is every role of `pullcord run` running?" if "relay" in now.loops else "is `pullcord serve` running?"
    yield from _silent_loops(now, serving)
    yield from _late_work(now, serving)
    if now.record_ahead > AHEAD_SECONDS:
        ahead = span(now.record_ahead)
        yield f"the clock of this machine is {ahead} before the end of the record: set it right, or nothing falls due"
    elif now.without_due_time:
        silent = counted(now.without_due_time, "open case")
        yield f"{silent} without a time at which anybody looks again: run `pullcord rebuild`, and report this"
    if now.past_date:
        yield f"{counted(now.past_date, 'case')} past the harmful day and not confirmed safe: see `pullcord cases`"
    for name in now.councils_without_contacts:
        yield f"{plain(name)} has open cases and nobody to tell: `pullcord policy contact add`"
    for name in now.damaged_policies:
        yield f"the policy of {plain(name)} is damaged, and the operator has its alerts: `pullcord policy set`"
    yield from now.operator_routes_refused
    if now.deliveries.get(DeliveryState.WAITING):
        failing = counted(now.deliveries[DeliveryState.WAITING], "alert")
        yield f"{failing} could not be delivered yet, and will be tried again"
    if now.given_up:
        yield f"{counted(now.given_up, 'alert')} given up in the last day: see the contacts with `pullcord policy show`"
    if now.drills_unanswered:
        unanswered = counted(now.drills_unanswered, "council")
        yield f"{unanswered} did not answer the last drill: see `pullcord drill list`"
    yield from _fallen_silent(now)
    if now.quarantined:
        yield f"{counted(now.quarantined, 'event')} in quarantine because they cannot be handled: please report this"


def _late_work(now: DeploymentStatus, serving: str) -> Iterator[str]:
    if now.overdue:
        yield f"{counted(now.overdue, 'step')} overdue by more than two minutes: {serving}"
    if now.outbox_age > LATE_SECONDS:
        yield f"{counted(now.outbox, 'event')} not yet handled, the oldest since {span(now.outbox_age)}: {serving}"
    if now.unfinished_age > UNFINISHED_SECONDS:
        records = counted(now.unfinished_records, "record")
        yield f"{records} with matches still to be found, the oldest since {span(now.unfinished_age)}: {serving}"


def _silent_loops(now: DeploymentStatus, serving: str) -> Iterator[str]:
    for loop, age in now.loops.items():
        # A loop that LOOPS does not list has the same name in sentences and metrics.
        if age > SILENT_SECONDS:
            yield f"the {LOOPS.get(loop, loop)} last looked {span(age)} ago: {serving}"
    # Without a working relay there are no canaries, so the consumers cannot be judged.
    if now.loops.get("relay", SILENT_SECONDS + 1) > SILENT_SECONDS:
        return
    for consumer, age in now.consumers.items():
        if age > UNHEARD_SECONDS:
            yield f"the consumer {consumer} was last heard of {span(age)} ago: is `pullcord run {consumer}` running?"


def _fallen_silent(now: DeploymentStatus) -> Iterator[str]:
    for feed, age in now.silent_feeds.items():
        yield f"{feed} was last heard {span(age)} ago, which is long for it: ask whether it still sends"


def _without_contacts(councils: Sequence[Council]) -> tuple[str, ...]:
    return tuple(one.name for one in councils if not any(tier.contacts for tier in one.policy.tiers))


def _refused(settings: Settings) -> Iterator[str]:
    for number, route in enumerate(settings.fallback_routes, start=1):
        try:
            # This only parses the route. It sends nothing, so a mail server may still refuse a message later.
            what_is_understood(typed_route(settings, route.get_secret_value()))
        except RefusedError as error:
            yield f"PULLCORD_FALLBACK_ROUTES reaches nobody by its route {number}: {error}"
        except RouteRefusedError as error:
            yield f"PULLCORD_FALLBACK_ROUTES reaches nobody by its route {number}: {error.remedy}"


def _silent_feeds(figures: Mapping[str, Mapping[tuple[str, ...], float]]) -> Mapping[str, float]:
    allowed = figures["pullcord_feed_silence_allowed_seconds"]
    silent = figures["pullcord_feed_silent_seconds"]
    return {feed: age for (feed,), age in silent.items() if age > allowed[feed,]}


def _unanswered(councils: Mapping[tuple[str, ...], float]) -> int:
    return int(sum(councils[state.value,] for state in (DrillState.FAILED, DrillState.ENDED)))


def _by_label(samples: Mapping[tuple[str, ...], float]) -> Counts:
    return {label: int(value) for (label,), value in samples.items()}


def _one(samples: Mapping[tuple[str, ...], float]) -> float:
    return samples[()]
