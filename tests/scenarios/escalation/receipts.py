from __future__ import annotations

from datetime import datetime, timedelta

from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.receipts.noting import note_receipt
from services.alerts.delivery.receipts.receipt import DeliveryReceipt, ReceiptState
from services.storage.tables import deliveries
from tests.support.deployment import Deployment
from tests.support.ledger import rows

WITH_RECEIPT = SendResult(SendOutcome.SENT, ACCEPTED.reason, receipt_awaited=True)


def give_receipts(deployment: Deployment) -> None:
    deployment.channel.results = [WITH_RECEIPT] * 10_000


def told(deployment: Deployment) -> list[str]:
    return [one.contact for one in rows(deployment, deliveries) if one.settled_at is not None]


def states(deployment: Deployment) -> dict[str, tuple[str, str | None]]:
    return {one.contact: (one.state, one.receipt) for one in rows(deployment, deliveries)}


def receive(
    deployment: Deployment, contact: str, outcome: ReceiptState, *, after: float = 0, for_good: bool = False
) -> bool:
    reference = [one.reference for one in deployment.mails() if f"//{contact}." in one.route][-1]
    at: datetime = deployment.clock.now() + timedelta(seconds=after)
    return note_receipt(deployment.store, reference, DeliveryReceipt(outcome, at, "notify_test", for_good))
