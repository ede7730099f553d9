"""Sends what is owed: claims deliveries, renders their messages, hands them to the pool, settles the outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError

from services.alerts.backlog import OPERATOR_FEED, Delivery, claim, route_of, set_aside, settle
from services.alerts.channels.pool import DeliveryPool, Job
from services.alerts.channels.port import Outcome, SendResult
from services.alerts.digest import Presentation, alert_digest
from services.alerts.message import Message, render
from services.alerts.metrics import DELIVERIES
from services.alerts.operator import operator_message
from services.alerts.policy import Contact
from services.alerts.withdrawal import tells_of_withdrawal
from services.alerts.withdrawn_message import render_withdrawn
from services.storage.store import Store

log = structlog.get_logger()

NOT_MADE = SendResult(Outcome.FAILED_TEMPORARY, "message_not_made")


@dataclass(frozen=True)
class Dispatcher:
    """Makes deliveries. `fallback` are told when everybody an alert was meant for has been given up."""

    store: Store
    pool: DeliveryPool
    presentation: Presentation
    fallback: tuple[Contact, ...] = ()
    _in_flight: set[int] = field(default_factory=set)

    def run_due(self) -> int:
        """Make the deliveries that are due; returns how many. Call again until it returns 0.

        No more are claimed than the pool sends at once: none waits while its attempt runs out.
        """
        claimed = claim(self.store, self.pool.places, self._in_flight)
        self._in_flight.update(delivery.pk for delivery in claimed)
        try:
            jobs = dict(self._jobs(claimed))
            for job, result in self.pool.send_all(list(jobs)):
                DELIVERIES.labels(result.outcome.value).inc()
                settle(self.store, jobs[job], result, self.fallback)
        finally:
            self._in_flight.difference_update(delivery.pk for delivery in claimed)
        return len(claimed)

    def _jobs(self, claimed: Sequence[Delivery]) -> Iterator[tuple[Job, Delivery]]:
        for delivery in claimed:
            try:
                message, route = self._message(delivery), route_of(self.store, delivery)
            except DBAPIError:
                raise
            except Exception as error:  # noqa: BLE001 - one message that cannot be made must not hold up the others
                log.error("message_not_made", alerts=delivery.alert, error=type(error).__name__)
                settle(self.store, delivery, NOT_MADE, self.fallback)
                continue
            if message is None:
                set_aside(self.store, delivery)
            else:
                yield Job(delivery.pk, route, message, f"{delivery.alert}.{delivery.pk}"), delivery

    def _message(self, delivery: Delivery) -> Message | None:
        """What the alert says now; None when nothing of it is so any more."""
        with self.store.reading() as connection:
            if delivery.feed_id == OPERATOR_FEED:
                return operator_message(connection, delivery.alert)
            digest = alert_digest(connection, self.store, self.presentation, delivery.alert_pk, delivery.tier)
        if digest is None:
            return None
        make = render_withdrawn if tells_of_withdrawal(digest.reason) else render
        return make(digest, self.store.now())
