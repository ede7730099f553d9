"""What a delivery is: an alert owed to one contact, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

OPERATOR_TIER = "operator of Pullcord"
"""Told when a council has nobody who can be told."""

OPERATOR_FEED = "operator"
"""Stands where an alert to a council has the council: what the operator is told of Pullcord itself."""


class DeliveryState(StrEnum):
    """Where a delivery stands; stored."""

    INTENDED = "intended"
    SENDING = "sending"
    WAITING = "waiting"
    """It failed for a passing reason and will be tried again."""
    SENT = "sent"
    GIVEN_UP = "given_up"
    NOT_NEEDED = "not_needed"
    """Nothing of the alert was open any more when it came to sending."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery claimed for sending: its attempt has been written down."""

    pk: int
    alert_pk: int
    alert: str
    feed_id: str
    tier: str
    contact: str
    route_sealed: bytes
    destination: str
    """Where it goes, as a keyed digest in hexadecimal: equal for routes to one host and port."""
    number: int
    created_at: datetime
