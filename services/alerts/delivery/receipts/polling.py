"""Asks the services for receipts. Each question has its own thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Final

from services.alerts.delivery.addressing import route_of
from services.alerts.delivery.receipts.noting import note_receipt
from services.alerts.delivery.receipts.receipt import DeliveryReceipt
from services.alerts.delivery.store.receipts import AwaitedReceipt, claim_awaited, is_look_due, move_look
from services.storage.store import Store
from services.storage.vault import VaultError

AT_ONCE = 4  # questions that are asked at the same time [P]
# A receipt is asked for again when half as much time again has passed since the message was sent.
_SOONEST: Final = timedelta(minutes=1)
_LATEST: Final = timedelta(hours=1)
# GOV.UK Notify gives up after three days at most, and forgets messages after seven.
_LONGEST: Final = timedelta(days=7)

# Returns the receipt for a route and the reference of a message, or None if there is none. It never raises an error.
LookUp = Callable[[str, str], DeliveryReceipt | None]
_Answer = tuple[str, DeliveryReceipt | None]


@dataclass
class ReceiptDesk:
    """Asks for due receipts in the background. All calls of `run_due` must be on the same thread."""

    look_up: LookUp
    patience: float = 0.0  # seconds to wait for answers; a later call writes those that come later
    _asking: int = 0
    _answers: SimpleQueue[_Answer] = field(default_factory=SimpleQueue)

    def run_due(self, store: Store, when_answered: Callable[[], None] = lambda: None) -> int:
        """Record the receipts that have come, and ask for the receipts that are due.

        Return the total number of both. `when_answered` runs after each answer, on any thread.
        """
        written = self._write_answers(store, 0.0)
        asked = 0
        for reference, route in self._claimed(store):
            self._ask(route, reference, when_answered)
            asked += 1
        return written + asked + self._write_answers(store, self.patience if asked else 0.0)

    def _claimed(self, store: Store) -> Sequence[tuple[str, str]]:
        now = store.now()
        with store.reading() as connection:
            due = self._asking < AT_ONCE and is_look_due(connection, now)
        if not due:
            return []
        with store.writing() as connection:
            found = claim_awaited(connection, now, AT_ONCE - self._asking)
            for one in found:
                # Moved before the question is asked, so that no other process asks it too.
                move_look(connection, one.pk, _next_look(one.sent_at, now))
        return [asked for one in found for asked in _question(store, one)]

    def _ask(self, route: str, reference: str, when_answered: Callable[[], None]) -> None:
        def ask() -> None:
            receipt: DeliveryReceipt | None = None
            try:
                receipt = self.look_up(route, reference)
            finally:
                self._answers.put((reference, receipt))
                when_answered()

        self._asking += 1
        try:
            Thread(target=ask, name="receipts", daemon=True).start()
        except RuntimeError:  # the system gives no more threads; the question comes again
            self._asking -= 1

    def _write_answers(self, store: Store, patience: float) -> int:
        written, until = 0, monotonic() + patience
        while self._asking:
            try:
                reference, receipt = self._answers.get(timeout=max(0.0, until - monotonic()))
            except Empty:
                break
            self._asking -= 1
            if receipt is not None and note_receipt(store, reference, receipt):
                written += 1
        return written


def _question(store: Store, one: AwaitedReceipt) -> Sequence[tuple[str, str]]:
    try:
        route = route_of(store, one)
    except VaultError:
        # The damage is reported where the vault finds it. The other receipts are asked for.
        return []
    return [(f"{one.alert}.{one.pk}", route)]


def _next_look(sent_at: datetime, now: datetime) -> datetime | None:
    age = now - sent_at
    return None if age >= _LONGEST else now + min(max(age / 2, _SOONEST), _LATEST)
