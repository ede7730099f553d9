"""The interface of a channel: it sends one message to one target and returns the outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.alerts.message.message import Message


class SendOutcome(StrEnum):
    """The outcome of one send; stored."""

    SENT = "sent"  # the next system has accepted the message; nobody need have read it
    FAILED_TEMPORARY = "failed_temporary"  # not accepted; the same send may succeed later
    FAILED_PERMANENT = "failed_permanent"  # not accepted, and will not be until somebody changes the route
    IN_DOUBT = "in_doubt"  # it may have been accepted; send it again with the same reference


@dataclass(frozen=True, slots=True)
class SendResult:
    outcome: SendOutcome
    reason: str  # a short stable code such as `smtp_550`, never a host or an address: it is stored and logged


ACCEPTED = SendResult(SendOutcome.SENT, "accepted")


class Channel(Protocol):
    """A way for a message to leave Pullcord."""

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        """Send `message` to the one target that `route` (an Apprise URL) names; never raises.

        `reference` identifies this message to this target. A second send of it has the same reference, so that the
        receiving side may drop the copy. A reminder is another message with a reference of its own.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """A kind of channel. Each declares itself in its own file, and the registry lists it."""

    schemes: frozenset[str]  # of its routes, in small letters: `mailto` for `mailto://…`
    example: str  # a route as a person writes it, for help texts
    make: Callable[[float], Channel]  # takes the seconds within which each send must end
    destination: Callable[[str], str]  # the host and port of a route; raises RouteRefusedError
    understood: Callable[[str], str]  # a route in words, without its password; raises RouteRefusedError


def host_and_port(host: object, port: object) -> str:
    # One form for comparing: `mail.example:587`, without a port `mail.example:`.
    return f"{str(host or '').strip('[]').lower()}:{port or ''}"
