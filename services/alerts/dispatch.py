"""Sends what is owed: claims deliveries, renders their messages, hands them to the pool, settles the outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from services.alerts.backlog import (
    OPERATOR_TIER,
    Delivery,
    DeliveryState,
    all_given_up,
    claim,
    intend_deliveries,
    nobody_told,
    set_aside,
    settle,
)
from services.alerts.channels.pool import DeliveryPool, Job
from services.alerts.channels.port import Outcome, SendResult
from services.alerts.digest import Presentation, alert_digest
from services.alerts.message import Message, render
from services.alerts.metrics import DELIVERIES
from services.alerts.policy import Contact
from services.storage.store import Store
from services.storage.tables import alert_cases

log = structlog.get_logger()

NOT_MADE = SendResult(Outcome.FAILED_TEMPORARY, "message_not_made")

AT_ONCE = 8
"""Deliveries claimed at a time: as many as the pool sends at once, so that none waits while its attempt runs out."""


@dataclass(frozen=True)
class Dispatcher:
    """Makes deliveries. `fallback` are told when everybody an alert was meant for has been given up."""

    store: Store
    pool: DeliveryPool
    presentation: Presentation
    fallback: tuple[Contact, ...] = ()
    _in_flight: set[int] = field(default_factory=set)

    def run_due(self) -> int:
        """Make the deliveries that are due, a poolful at a time; returns how many. Call again until it returns 0."""
        claimed = claim(self.store, AT_ONCE, self._in_flight)
        self._in_flight.update(delivery.pk for delivery in claimed)
        try:
            jobs = dict(self._jobs(claimed))
            for job, result in self.pool.send_all(list(jobs)):
                DELIVERIES.labels(result.outcome.value).inc()
                if settle(self.store, jobs[job], result) is DeliveryState.GIVEN_UP:
                    self._look_for_others(jobs[job])
        finally:
            self._in_flight.difference_update(delivery.pk for delivery in claimed)
        return len(claimed)

    def _jobs(self, claimed: Sequence[Delivery]) -> Iterator[tuple[Job, Delivery]]:
        for delivery in claimed:
            try:
                message = self._message(delivery)
            except DBAPIError:
                raise
            except Exception as error:  # noqa: BLE001 - one message that cannot be made must not hold up the others
                log.error("message_not_made", alerts=delivery.alert, error=type(error).__name__)
                settle(self.store, delivery, NOT_MADE)
                continue
            if message is None:
                set_aside(self.store, delivery)
            else:
                yield Job(delivery.pk, delivery.route, message, f"{delivery.alert}.{delivery.pk}"), delivery

    def _message(self, delivery: Delivery) -> Message | None:
        """What the alert says now; None when nothing of it is open any more."""
        with self.store.reading() as connection:
            digest = alert_digest(connection, self.store, self.presentation, delivery.alert_pk, delivery.tier)
        return render(digest, self.store.now()) if digest else None

    def _look_for_others(self, delivery: Delivery) -> None:
        """When an alert has reached nobody, that is recorded, and the operator is told in the council's place."""
        if delivery.tier == OPERATOR_TIER:
            return
        now = self.store.now()
        with self.store.writing() as connection:
            if not all_given_up(connection, delivery.alert_pk):
                return
            nobody_told(connection, self.store, delivery.feed_id, delivery.alert, _cases(connection, delivery), now)
            contacts = [(OPERATOR_TIER, contact) for contact in self.fallback]
            intend_deliveries(connection, self.store, delivery.alert_pk, contacts, now)


def _cases(connection: Connection, delivery: Delivery) -> int:
    query = select(func.count()).where(alert_cases.c.alert_pk == delivery.alert_pk)
    return connection.scalar(query) or 0
