from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from services.alerts.delivery.receipts.receipt import DeliveryReceipt
from services.alerts.message.message import Message


class SendOutcome(StrEnum):
    # The values are stored in the database.
    SENT = "sent"  # the next system has accepted the message; perhaps nobody has read it
    FAILED_TEMPORARY = "failed_temporary"  # not accepted; another attempt may succeed
    FAILED_PERMANENT = "failed_permanent"  # not accepted; every attempt will fail until somebody changes the route
    IN_DOUBT = "in_doubt"  # the message may have been accepted; send it again with the same reference


@dataclass(frozen=True, slots=True)
class SendResult:
    outcome: SendOutcome
    reason: str  # a short stable code such as `smtp_550`, never a host or an address: it is stored and logged
    retry_after: float | None = None  # the seconds that the service asks to wait before another attempt, if it does
    # The service says later, by a receipt, whether the message arrived. Equal outcomes stay equal with and without it.
    receipt_awaited: bool = field(default=False, compare=False)
    # The service answered, and refuses only this message for now: it takes other messages.
    only_this_message: bool = field(default=False, compare=False)
    # No attempt will succeed for hours, so others are asked at once. The attempts go on.
    lasts_for_hours: bool = field(default=False, compare=False)


ACCEPTED = SendResult(SendOutcome.SENT, "accepted")


class Channel(Protocol):
    def send(self, route: str, message: Message, reference: str) -> SendResult:
        """Never raises an error. All attempts to send one message have the same `reference`."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    seconds: float  # an attempt must end within this time
    mail_without_tls: bool = False


@dataclass(frozen=True, slots=True)
class ChannelKind:
    schemes: frozenset[str]  # the schemes of its routes, in small letters: `mailto` for `mailto://…`
    example: str  # a route as a person writes it, for help texts
    make: Callable[[ChannelSettings], Channel]
    destination: Callable[[str], str]  # returns the host and port of a route; raises RouteRefusedError
    understood: Callable[[str], str]  # describes a route in words, without its password; raises RouteRefusedError
    # Makes the function that asks for the receipt of a message, by its route and reference. None if there are none.
    receipts: Callable[[ChannelSettings], Callable[[str, str], DeliveryReceipt | None]] | None = None


def host_and_port(host: object, port: object) -> str:
    # Hosts are compared in this form: `mail.example:587`, or `mail.example:` without a port.
    return f"{str(host or '').strip('[]').lower()}:{port or ''}"
