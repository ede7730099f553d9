"""What the rest of Pullcord knows of sending: one message to one target, and what became of it."""

from collections.abc import Callable
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


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """All that Pullcord knows of one way to send. A channel declares it in its own file; the registry lists it.

    `schemes`: how its routes begin, in small letters (`mailto` for `mailto://…`).
    `example`: a route as a person writes it, for help texts.
    `make`: the channel itself, whose sends each end within so many seconds.
    `destination`: where a route goes over the wire. Raises RouteRefusedError.
    `understood`: where a route goes, for the person who gives it: no password. Raises RouteRefusedError.
    """

    schemes: frozenset[str]
    example: str
    make: Callable[[float], Channel]
    destination: Callable[[str], str]
    understood: Callable[[str], str]


def host_and_port(host: object, port: object) -> str:
    """A place on the wire in one form, for comparing: `mail.example:587`, without a port `mail.example:`."""
    return f"{str(host or '').strip('[]').lower()}:{port or ''}"
