"""What the rest of Pullcord knows of sending: one message to one target, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.alerts.message.message import Message


class SendOutcome(StrEnum):
    """What became of one send.

    `sent`: the next system has taken the message over; it does not say that anyone read it.
    `failed_temporary`: it was not taken over, and the same send may succeed later.
    `failed_permanent`: it was not taken over, and will not be until somebody changes the route.
    `in_doubt`: nobody knows. Send again with the same reference, or look it up.
    """

    SENT = "sent"
    FAILED_TEMPORARY = "failed_temporary"
    FAILED_PERMANENT = "failed_permanent"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class SendResult:
    """An outcome and why: a short stable code such as `accepted` or `smtp_550`, never a host or an address."""

    outcome: SendOutcome
    reason: str


ACCEPTED = SendResult(SendOutcome.SENT, "accepted")


class Channel(Protocol):
    """A way for a message to leave Pullcord."""

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        """Send `message` to the one target that `route` (an Apprise URL) names; never raises.

        `reference` names this message to this target. A second sending of it carries the same reference, so that
        the receiving side may drop the copy; a reminder is another message and needs a reference of its own.
        """
        ...
