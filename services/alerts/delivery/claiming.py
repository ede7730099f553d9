from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

from services.alerts.case.store.cases import DueBy, councils_with_due_cases
from services.alerts.delivery.channels.port import SendOutcome
from services.alerts.delivery.delivery import DRILLS_FEED, Delivery
from services.alerts.delivery.metrics import DELIVERIES
from services.alerts.delivery.queue import record_delivery_audit
from services.alerts.delivery.recipients.joining import join_waiting
from services.alerts.delivery.store.attempts import LinkHashes, doubt_attempt, insert_attempt
from services.alerts.delivery.store.claims import claim_deliveries, count_due, ready
from services.alerts.delivery.store.deliveries import hold_waiting, mark_sending
from services.alerts.review.owed import LOOK_AGAIN
from services.core.audit import AuditAction
from services.core.tokens import LinkPurpose
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

# An attempt without an outcome is in doubt after this time: its process died or hangs. Another attempt with the same
# reference follows. It comes within the two minutes that are promised.
ATTEMPT_LIMIT = timedelta(seconds=45)


class Places(Protocol):
    def places(self) -> int: ...

    def places_at(self, destination: str) -> int: ...

    def holds(self, destination: str) -> bool: ...


def claim(store: Store, room: Places, in_flight: Collection[int]) -> list[Delivery]:
    """Return due deliveries, and reserve them for this process until ATTEMPT_LIMIT has passed.

    `in_flight` holds the ids of deliveries that this process is already sending.
    """
    now = store.now()
    if not room.places():
        return []
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        ready_now = ready(now, in_flight, councils_with_due_cases(connection, DueBy(now, beyond=now + LOOK_AGAIN)))
        waiting = count_due(connection, ready_now)
        held = [destination for destination in waiting if room.holds(destination)]
        due = [
            one
            for destination, most in shares(waiting, room.places(), room.places_at).items()
            for one in claim_deliveries(
                connection, ready_now, destination, most, store.random, probing=destination in held
            )
        ]
        due = join_waiting(work, due)
        # A delivery still marked as sending was left by a process that died or hangs.
        _doubt(work, [one.delivery for one in due if one.left_sending])
        claimed = [one.delivery for one in due]
        _start(work, claimed)
        hold_waiting(connection, held, now)
    return claimed


def shares(waiting: Mapping[str, int], places: int, places_at: Callable[[str], int]) -> dict[str, int]:
    given: Counter[str] = Counter()
    most = {destination: min(count, places_at(destination)) for destination, count in waiting.items()}
    while places > 0:
        # The last turn may have fewer places than destinations: the first destinations in `waiting` get them.
        turn = [destination for destination in waiting if given[destination] < most[destination]][:places]
        if not turn:
            break
        given.update(turn)
        places -= len(turn)
    return dict(given)


def _doubt(work: UnitOfWork, left: Sequence[Delivery]) -> None:
    for delivery in left:
        number = delivery.number - 1  # `number` is the number of the attempt that comes now
        doubt_attempt(work.connection, delivery.pk, number, "left_unfinished", work.now)
        # The process that made the attempt can no longer count it.
        DELIVERIES.labels(SendOutcome.IN_DOUBT.value).inc()
        fields = {"delivery": delivery.pk, "alert": delivery.alert, "number": number}
        work.record_audit(
            AuditRow(AuditAction.DELIVERY_IN_DOUBT, fields, subject=delivery.alert, feed_id=delivery.feed_id)
        )


def _start(work: UnitOfWork, claimed: Sequence[Delivery]) -> None:
    for delivery in claimed:
        deadline = work.now + ATTEMPT_LIMIT
        # The attempt is recorded before anything is sent, so that after a crash the message counts as perhaps sent.
        insert_attempt(work.connection, delivery.pk, delivery.number, work.now, deadline, _hashes(work.store, delivery))
        mark_sending(work.connection, delivery.pk, delivery.number, deadline)
        record_delivery_audit(work, AuditAction.ATTEMPT_STARTED, delivery)


def _hashes(store: Store, delivery: Delivery) -> LinkHashes:
    hashed = partial(store.tokeniser.link_hash, alert=delivery.alert)
    # The link of a drill answers the drill, and opens nothing else.
    answers = LinkPurpose.ANSWER_DRILL if delivery.feed_id == DRILLS_FEED else LinkPurpose.ACKNOWLEDGE
    return LinkHashes(
        hashed(answers, code=delivery.codes.acknowledge),
        hashed(LinkPurpose.ACCEPT_CHANGES, code=delivery.codes.changes),
    )
