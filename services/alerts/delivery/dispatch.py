"""Sends due deliveries: claims them, renders their messages, hands them to the pool, and settles the outcomes."""

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
from services.alerts.review.withdrawal import is_about_withdrawal
from services.storage.store import Store

log = structlog.get_logger()

NOT_MADE = SendResult(SendOutcome.FAILED_TEMPORARY, "message_not_made")


@dataclass
class Dispatcher:
    """Sends due deliveries. One thread calls its methods; the pool's threads only queue results."""

    store: Store
    pool: DeliveryPool
    presentation: Presentation
    fallback: tuple[Contact, ...] = ()  # alerted when every contact of an alert has been given up
    patience: float = QUICK  # seconds to wait for sends just begun; slower ones are settled by a later call
    when_ended: Callable[[], None] = lambda: None  # called on any thread: a send has ended and can be settled
    _in_flight: dict[int, Delivery] = field(default_factory=dict)
    _ended: SimpleQueue[tuple[SendJob, SendResult]] = field(default_factory=SimpleQueue)

    def run_due(self) -> int:
        """Settle ended sends and begin due ones; return the number of both. Call again until it returns 0.

        An outcome that cannot be written delays no other delivery: the first fault is raised at the end.
        """
        faults: list[Exception] = []
        settled = self._settle_ended(faults)
        # No more than the pool can send at once: a claimed delivery that waits would use up its attempt's time.
        claimed = claim(self.store, self.pool, self._in_flight.keys())
        self._begin_all(claimed)
        settled += self._settle_those({delivery.pk for delivery in claimed}, faults)
        if faults:
            raise faults[0]
        return len(claimed) + settled

    def close(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the sends under way, and settle them. Returns True if all ended in time."""
        ended = self.pool.close(timeout)
        # Faults are dropped: the process ends, and these attempts run out and are made again.
        self._settle_ended([])
        return ended

    def _begin_all(self, claimed: Sequence[Delivery]) -> None:
        self._in_flight.update((delivery.pk, delivery) for delivery in claimed)
        for number, delivery in enumerate(claimed):
            try:
                self._begin(delivery)
            except BaseException:
                # Deliveries that were not begun are tried again after ATTEMPT_LIMIT, by any process.
                for left in claimed[number:]:
                    self._in_flight.pop(left.pk, None)
                raise

    def _begin(self, delivery: Delivery) -> None:
        try:
            message, route = self._message(delivery), route_of(self.store, delivery)
        # A fault of the database is not about this message.
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
        settled, again = 0, []
        while not self._ended.empty():
            job, result = self._ended.get()
            try:
                self._settle(job, result)
                settled += 1
            # The database is away: the outcome is kept and written by a later call.
            except OperationalError as error:
                faults.append(error)
                again.append((job, result))
            # Any other fault would come each time: the attempt is left to run out, and is then made again.
            except Exception as error:  # noqa: BLE001 - the caller raises it
                faults.append(error)
                self._in_flight.pop(job.delivery, None)
        for unsettled in again:
            self._ended.put(unsettled)
        return settled

    def _settle_those(self, begun: Collection[int], faults: list[Exception]) -> int:
        # Most sends end within the patience, so that one call settles what it began.
        until, settled = monotonic() + self.patience, 0
        while not faults and self._in_flight.keys() & begun and (left := until - monotonic()) > 0:
            try:
                # Waits for a result and puts it back: `_settle_ended` takes all that are there.
                self._ended.put(self._ended.get(timeout=left))
            except Empty:
                break
            settled += self._settle_ended(faults)
        return settled

    def _settle(self, job: SendJob, result: SendResult) -> None:
        delivery = self._in_flight[job.delivery]
        try:
            settle(self.store, delivery, result, self.fallback)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault in one case's record; the cases stay owed a message
            # Written without the cases: otherwise a message that was sent would be sent again at every fault.
            log.error("cases_not_counted_as_alerted", alerts=delivery.alert, error=type(error).__name__)
            settle(self.store, delivery, result, self.fallback, counting=False)
        del self._in_flight[job.delivery]
        DELIVERIES.labels(result.outcome.value).inc()

    def _message(self, delivery: Delivery) -> Message | None:
        # Rendered at the last moment, from the cases as they are now. None: no case is open any more.
        with self.store.reading() as connection:
            if delivery.feed_id == OPERATOR_FEED:
                return operator_message(connection, delivery.alert)
            digest = alert_digest(connection, self.store, self.presentation, delivery.alert_pk, delivery.tier)
        if digest is None:
            return None
        make = render_withdrawn if is_about_withdrawal(digest.reason) else render
        return make(digest, self.store.now())
