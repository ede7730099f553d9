"""Which deliveries are sent next: every destination gets its turn, and none gets more than its places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from services.alerts.delivery.delivery import Delivery
from services.alerts.delivery.queue import record_delivery_audit
from services.alerts.delivery.store.attempts import doubt_attempt, insert_attempt
from services.alerts.delivery.store.claims import claim_deliveries, count_due
from services.alerts.delivery.store.deliveries import mark_sending
from services.core.audit import AuditAction
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

ATTEMPT_LIMIT = timedelta(seconds=45)
"""After this an attempt without an outcome is in doubt: whoever made it has died or hangs. It is then made again with
the same reference, well within the two minutes promised."""


class Places(Protocol):
    """How many sends may begin now."""

    def places(self) -> int:
        """Wherever they go."""
        ...

    def places_at(self, destination: str) -> int:
        """To this destination."""
        ...


def claim(store: Store, room: Places, in_flight: Collection[int]) -> list[Delivery]:
    """Write down an attempt for each delivery that is due and has a place, and return them for sending.

    One found still sending was left by a process that died: its attempt is settled as in doubt first.
    """
    now = store.now()
    if not room.places():
        return []
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        waiting = count_due(connection, now, in_flight)
        due = [
            one
            for destination, most in shares(waiting, room.places(), room.places_at).items()
            for one in claim_deliveries(connection, now, destination, most, in_flight)
        ]
        _doubt(work, [one.delivery for one in due if one.left_sending])
        claimed = [one.delivery for one in due]
        _start(work, claimed)
    return claimed


def shares(waiting: Mapping[str, int], places: int, places_at: Callable[[str], int]) -> dict[str, int]:
    """How many of its waiting deliveries each destination may send now: one each in turn until the places are given."""
    given: Counter[str] = Counter()
    most = {destination: min(count, places_at(destination)) for destination, count in waiting.items()}
    while places > 0:
        turn = [destination for destination in waiting if given[destination] < most[destination]][:places]
        if not turn:
            break
        given.update(turn)
        places -= len(turn)
    return dict(given)


def _doubt(work: UnitOfWork, left: Sequence[Delivery]) -> None:
    for delivery in left:
        number = delivery.number - 1
        doubt_attempt(work.connection, delivery.pk, number, "left_unfinished", work.now)
        fields = {"delivery": delivery.pk, "alert": delivery.alert, "number": number}
        work.record_audit(
            AuditRow(AuditAction.DELIVERY_IN_DOUBT, fields, subject=delivery.alert, feed_id=delivery.feed_id)
        )


def _start(work: UnitOfWork, claimed: Sequence[Delivery]) -> None:
    for delivery in claimed:
        deadline = work.now + ATTEMPT_LIMIT
        insert_attempt(work.connection, delivery.pk, delivery.number, work.now, deadline)
        mark_sending(work.connection, delivery.pk, delivery.number, deadline)
        record_delivery_audit(work, AuditAction.ATTEMPT_STARTED, delivery)
