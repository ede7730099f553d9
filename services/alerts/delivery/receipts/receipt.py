"""All functions are pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReceiptState(StrEnum):
    # The values are stored in the database.
    AWAITED = "awaited"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    outcome: ReceiptState
    # The service's own time of the event, because receipts may come in any order.
    at: datetime
    reason: str = ""  # a short stable code, never a part of the address: it is stored
    for_good: bool = False  # every later message to this address will fail too


def is_newer(receipt: DeliveryReceipt, known: ReceiptState | None, known_at: datetime | None) -> bool:
    if receipt.outcome is ReceiptState.AWAITED:
        return False
    # Of two receipts of one moment the failure counts: somebody is asked in vain rather than nobody.
    before = (known_at, known is ReceiptState.FAILED)
    return known_at is None or (receipt.at, receipt.outcome is ReceiptState.FAILED) > before
