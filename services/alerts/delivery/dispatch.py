"""Sends what is owed: claims deliveries, renders their messages, hands them to the pool, settles the outcomes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from services.alerts.delivery.channels.pool import QUICK, DeliveryPool, SendJob
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.claiming import claim
from services.alerts.delivery.delivery import OPERATOR_FEED, Delivery
from services.alerts.delivery.digest import Presentation, alert_digest
from services.alerts.delivery.metrics import DELIVERIES
from services.alerts.delivery.operator import operator_message
from services.alerts.delivery.queue import cancel_delivery, route_of, settle
from services.alerts.message.message import Message, render
from services.alerts.message.withdrawn_message import render_withdrawn
from services.alerts.policy.policy import Contact
from services.alerts.review.withdrawal import tells_of_withdrawal
from services.storage.store import Store

log = structlog.get_logger()

NOT_MADE = SendResult(SendOutcome.FAILED_TEMPORARY, "message_not_made")


@dataclass
class Dispatcher:
    """Makes deliveries. `fallback` are told when everybody an alert was meant for has been given up.

    `patience`: for how many seconds it waits for the sends it has begun; those that take longer are settled later.
    `when_ended` is called, on any thread, when a send has ended: there is something to settle.
    """

    store: Store
    pool: DeliveryPool
    presentation: Presentation
    fallback: tuple[Contact, ...] = ()
    patience: float = QUICK
    when_ended: Callable[[], None] = lambda: None
    _in_flight: dict[int, Delivery] = field(default_factory=dict)
    _ended: SimpleQueue[tuple[SendJob, SendResult]] = field(default_factory=SimpleQueue)

    def run_due(self) -> int:
        """Settle what has ended and begin what is due; returns how many. Call again until it returns 0.

        No more are claimed than can be sent at once: none waits while its attempt runs out. An outcome that cannot be
        written holds up no other delivery. The fault is raised last.
        """
        faults: list[Exception] = []
        settled = self._settle_ended(faults)
        claimed = claim(self.store, self.pool, self._in_flight.keys())
        self._begin_all(claimed)
        settled += self._settle_those({one.pk for one in claimed}, faults)
        if faults:
            raise faults[0]
        return len(claimed) + settled

    def close(self, timeout: float) -> bool:
        """Begin nothing more, wait up to `timeout` seconds for the sends under way, and settle them.

        Whether all of them ended in time.
        """
        ended = self.pool.close(timeout)
        self._settle_ended([])
        return ended

    def _begin_all(self, claimed: Sequence[Delivery]) -> None:
        self._in_flight.update((one.pk, one) for one in claimed)
        for number, delivery in enumerate(claimed):
            try:
                self._begin(delivery)
            except BaseException:
                # Those not begun are made again once their attempts have run out, here or elsewhere.
                for left in claimed[number:]:
                    self._in_flight.pop(left.pk, None)
                raise

    def _begin(self, delivery: Delivery) -> None:
        try:
            message, route = self._message(delivery), route_of(self.store, delivery)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - one message that cannot be made must not hold up the others
            log.error("message_not_made", alerts=delivery.alert, error=type(error).__name__)
            settle(self.store, delivery, NOT_MADE, self.fallback)
            self._in_flight.pop(delivery.pk)
            return
        if message is None:
            cancel_delivery(self.store, delivery)
            self._in_flight.pop(delivery.pk)
            return
        job = SendJob(delivery.pk, delivery.destination, route, message, f"{delivery.alert}.{delivery.pk}")
        self.pool.begin(job, self._note_ended)

    def _note_ended(self, job: SendJob, result: SendResult) -> None:
        self._ended.put((job, result))
        self.when_ended()

    def _settle_ended(self, faults: list[Exception]) -> int:
        """Settle what has ended by now. What the database cannot take now is kept for the next time.

        Any other fault would come again each time: the attempt is left to run out, and is then made again.
        """
        settled, again = 0, []
        while not self._ended.empty():
            job, result = self._ended.get()
            try:
                self._settle(job, result)
                settled += 1
            except OperationalError as error:
                faults.append(error)
                again.append((job, result))
            except Exception as error:  # noqa: BLE001 - the caller raises it
                faults.append(error)
                del self._in_flight[job.delivery]
        for one in again:
            self._ended.put(one)
        return settled

    def _settle_those(self, begun: Collection[int], faults: list[Exception]) -> int:
        """Settle what ends while there is patience, until all of `begun` have; stops at a fault."""
        until, settled = monotonic() + self.patience, 0
        while not faults and self._in_flight.keys() & begun and (left := until - monotonic()) > 0:
            try:
                self._ended.put(self._ended.get(timeout=left))
            except Empty:
                break
            settled += self._settle_ended(faults)
        return settled

    def _settle(self, job: SendJob, result: SendResult) -> None:
        """Write an outcome down. A message that was sent is never sent again because its cases cannot be counted."""
        delivery = self._in_flight[job.delivery]
        try:
            settle(self.store, delivery, result, self.fallback)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault in one case's record; the cases stay owed a message
            log.error("cases_not_counted_as_alerted", alerts=delivery.alert, error=type(error).__name__)
            settle(self.store, delivery, result, self.fallback, counting=False)
        del self._in_flight[job.delivery]
        DELIVERIES.labels(result.outcome.value).inc()

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
