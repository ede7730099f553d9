from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from services.alerts.delivery.addressing import route_of
from services.alerts.delivery.channels.pool import QUICK, DeliveryPool, SendJob
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.claiming import claim
from services.alerts.delivery.contacts.checks import contact_message
from services.alerts.delivery.delivery import CONTACTS_FEED, DRILLS_FEED, NO_COUNCIL, OPERATOR_FEED, Delivery
from services.alerts.delivery.digest import AlertContent, Presentation, alert_content, alert_digest
from services.alerts.delivery.drills.drill_messages import drill_message
from services.alerts.delivery.metrics import DELIVERIES
from services.alerts.delivery.operator import operator_message
from services.alerts.delivery.queue import cancel_delivery, settle
from services.alerts.delivery.receipts.polling import ReceiptDesk
from services.alerts.delivery.refused_contacts.report_message import refused_contacts_message
from services.alerts.message.message import Message, render
from services.alerts.message.unverified import marked_unverified
from services.alerts.message.withdrawn_message import render_withdrawn
from services.alerts.review.withdrawal import is_about_withdrawal
from services.storage.store import Store

log = structlog.get_logger()

NOT_MADE = SendResult(SendOutcome.FAILED_TEMPORARY, "message_not_made")


@dataclass
class Dispatcher:
    """Sends due messages and records the results. All methods must run on the same thread."""

    store: Store
    pool: DeliveryPool
    presentation: Presentation
    patience: float = QUICK  # seconds to wait for jobs that were just started; a later call settles slower jobs
    receipts: ReceiptDesk | None = None  # None if no channel gives receipts
    when_ended: Callable[[], None] = lambda: None  # called on any thread when a job has ended and can be settled
    # The contents of alerts, by id. They are kept while one batch is begun, for the several contacts of an alert.
    _contents: dict[int, AlertContent | None] = field(default_factory=dict)
    _in_flight: dict[int, Delivery] = field(default_factory=dict)
    _ended: SimpleQueue[tuple[SendJob, SendResult]] = field(default_factory=SimpleQueue)

    def run_due(self) -> int:
        """Call this method again until the result is 0. An error in one delivery delays no other delivery."""
        faults: list[Exception] = []
        settled = self._settle_ended(faults)
        # No more deliveries are claimed than the pool can start at once: waiting would use up the time of their
        # attempts.
        claimed = claim(self.store, self.pool, self._in_flight.keys())
        self._begin_all(claimed)
        settled += self._settle_those({delivery.pk for delivery in claimed}, faults)
        settled += self._ask_for_receipts(faults)
        if faults:
            raise faults[0]
        return len(claimed) + settled

    def close(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for running jobs. Return True if every job ended or was reported as stuck."""
        ended = self.pool.close(timeout)
        # Errors are dropped because the process ends. After ATTEMPT_LIMIT another process makes these attempts again.
        self._settle_ended([])
        return ended

    def _ask_for_receipts(self, faults: list[Exception]) -> int:
        if self.receipts is None:
            return 0
        try:
            return self.receipts.run_due(self.store, self.when_ended)
        except Exception as error:  # noqa: BLE001 - the caller raises it; receipts must delay no message
            faults.append(error)
            return 0

    def _begin_all(self, claimed: Sequence[Delivery]) -> None:
        self._contents.clear()
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
        # An error of the database is not caused by this message.
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - a message that cannot be rendered must not delay other messages
            log.error("message_not_made", alerts=delivery.alert, error=type(error).__name__)
            settle(self.store, delivery, NOT_MADE)
            self._in_flight.pop(delivery.pk)
            return
        if message is not None and not delivery.verified and delivery.feed_id not in NO_COUNCIL:
            message = marked_unverified(message)
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
            # The database cannot be reached: the outcome is kept, and a later call writes it.
            except OperationalError as error:
                faults.append(error)
                again.append((job, result))
            # Any other error would come again at each call. The attempt is made again after ATTEMPT_LIMIT.
            except Exception as error:  # noqa: BLE001 - the caller raises it
                faults.append(error)
                self._in_flight.pop(job.delivery, None)
        for unsettled in again:
            self._ended.put(unsettled)
        return settled

    def _settle_those(self, begun: Collection[int], faults: list[Exception]) -> int:
        # Most jobs end within `patience`, so that one call settles the jobs that it started.
        until, settled = monotonic() + self.patience, 0
        while not faults and self._in_flight.keys() & begun and (left := until - monotonic()) > 0:
            try:
                # Waits for one result and puts it back, so that `_settle_ended` handles all results in the queue.
                self._ended.put(self._ended.get(timeout=left))
            except Empty:
                break
            settled += self._settle_ended(faults)
        return settled

    def _settle(self, job: SendJob, result: SendResult) -> None:
        delivery = self._in_flight[job.delivery]
        try:
            settle(self.store, delivery, result)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - the record of one case may be faulty; its cases stay due
            # The outcome is written and the cases are left out. Otherwise each such error would send the message again.
            log.error("cases_not_counted_as_alerted", alerts=delivery.alert, error=type(error).__name__)
            settle(self.store, delivery, result, counting=False)
        del self._in_flight[job.delivery]
        DELIVERIES.labels(result.outcome.value).inc()

    def _message(self, delivery: Delivery) -> Message | None:
        # Renders the message just before it is sent, from the current cases. Returns None if no case is open any more.
        with self.store.reading() as connection:
            if delivery.feed_id == OPERATOR_FEED:
                return operator_message(connection, delivery.alert_pk)
            if delivery.feed_id == CONTACTS_FEED:
                return contact_message(connection, self.store, self.presentation.base_url, delivery.alert_pk)
            if delivery.feed_id == DRILLS_FEED:
                return drill_message(connection, self.store, self.presentation, delivery)
            if not delivery.cases:
                return refused_contacts_message(connection, self.store, delivery)
            if delivery.alert_pk not in self._contents:
                self._contents[delivery.alert_pk] = alert_content(connection, self.store, delivery.alert_pk)
            content = self._contents[delivery.alert_pk]
            if content is None:
                return None
            digest = alert_digest(connection, self.presentation, delivery, content)
        make = render_withdrawn if is_about_withdrawal(digest.reason) else render
        return make(digest, self.store.now())
