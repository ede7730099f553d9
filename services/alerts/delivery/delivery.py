"""A delivery: one alert to one contact, and its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# The tier of the operator's contacts, who are alerted when nobody of a council can be reached.
OPERATOR_TIER = "operator of Pullcord"

# Stands in place of a council's feed in alerts to the operator about Pullcord itself.
OPERATOR_FEED = "operator"


class DeliveryState(StrEnum):
    """The state of a delivery; stored."""

    INTENDED = "intended"
    SENDING = "sending"
    WAITING = "waiting"  # failed for a temporary reason, or in doubt; it will be tried again
    SENT = "sent"
    GIVEN_UP = "given_up"
    NOT_NEEDED = "not_needed"  # no case of the alert was open any more, or a newer alert covers them


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery claimed for sending, with its attempt on record."""

    pk: int
    alert_pk: int
    alert: str
    feed_id: str
    tier: str
    contact: str
    route_sealed: bytes
    destination: str  # keyed digest in hexadecimal, equal for all routes to one host and port
    number: int  # of the attempt, from 1
    created_at: datetime
