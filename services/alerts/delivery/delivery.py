from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# The tier of the operator's contacts, who are alerted when nobody of a council can be reached.
OPERATOR_TIER = "operator of Pullcord"

# Used in place of the feed of a council, in alerts to the operator about Pullcord itself.
OPERATOR_FEED = "operator"

# The same, in test messages and codes to contacts.
CONTACTS_FEED = "contacts"

# The same, in drills. So no rule about a council's alerts ever counts, joins or replaces a drill message.
DRILLS_FEED = "drills"

NO_COUNCIL = frozenset({OPERATOR_FEED, CONTACTS_FEED, DRILLS_FEED})


class DeliveryState(StrEnum):
    # The values are stored in the database.
    INTENDED = "intended"
    SENDING = "sending"
    # The last attempt failed for a temporary reason or is in doubt, or the destination keeps failing. Another attempt
    # follows.
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    REFUSED = "refused"  # the message was sent, and came back since: a bounce, or a receipt that it failed
    NOT_NEEDED = "not_needed"  # no case of the alert is open any more, or a newer alert contains its cases


@dataclass(frozen=True, slots=True)
class LinkCodes:
    # The database holds only hashes of these codes.
    acknowledge: str = field(repr=False)
    changes: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    pk: int
    alert_pk: int
    alert: str
    feed_id: str
    tier: str
    contact: str
    channel: str
    verified: bool  # False if nobody had verified the address when the delivery was written
    address_sealed: bytes
    destination: str  # keyed digest in hexadecimal; it is equal for all routes to one host and port
    number: int  # the number of the attempt, from 1
    created_at: datetime
    # Each attempt has codes of its own. The links of an earlier attempt, which may have arrived, go on working.
    codes: LinkCodes
    cases: int = 1  # the number of cases of the alert; 0 if the alert is about something else
