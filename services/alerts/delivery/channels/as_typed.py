from __future__ import annotations

import re
from typing import Final, NamedTuple

from pydantic import SecretStr

from services.alerts.delivery.channels.contact_routes import channels_allowed, check_channel, contact_route
from services.alerts.delivery.channels.mail.addresses import MailAddress, NoAddressError, read_mailbox
from services.alerts.policy.contacts import Contact, ContactChannel
from services.core.errors import RefusedError
from services.core.operator.contact_services import ContactServices
from services.core.telephone.telephone import normalise_number

# Outlook copies `Bloggs, Jo <jo@council.example>`.
_NAMED: Final = re.compile(r"(?P<name>[^<>@]*)<(?P<address>[^<>]*)>")
_LAST_FIRST: Final = re.compile(r"\s*(?P<last>[^,]+),\s*(?P<first>[^,]+)")
_NOT_IN_A_NAME: Final = re.compile(r'[,;:\\()\[\]<>"]+')
_BETWEEN_LINES: Final = re.compile(r"\s*[/\n]\s*")
_LIKE_A_NUMBER: Final = re.compile(r"[+(\d][\d\s().+-]{6,}")

NEITHER: Final = (
    "the contact is not exactly one mail address or UK telephone number: give one, such as "
    "`Jo Bloggs <jo@council.example>`"
)
NO_ROUTE: Final = (
    "a contact is no Apprise address: give a mail address, a UK telephone number or the https address of a webhook, or "
    "name the service with --channel; allowed here are: {allowed}"
)


_NUMBERS: Final = (ContactChannel.SMS, ContactChannel.NOTIFY_SMS)
_MAIL: Final = (ContactChannel.EMAIL, ContactChannel.NOTIFY_EMAIL)


class TypedAddress(NamedTuple):
    channel: str
    # The form in which the address is stored.
    address: str


def contact_as_typed(typed: str, channel: str | None, services: ContactServices) -> TypedAddress:
    """Return the channel and the stored form of a typed address.

    If `channel` is None, the form of `typed` decides the channel.
    Raises RefusedError if `typed` or the channel is unusable.
    """
    chosen = channel or _channel_of(typed, services)
    check_channel(chosen, services)
    return TypedAddress(chosen, address_as_typed(chosen, typed))


def route_as_typed(typed: str, services: ContactServices) -> str:
    """Return the route to a typed mail address or telephone number. If `typed` is already a route, return it unchecked.

    Raises RefusedError if the text is unusable.
    """
    if "://" in typed:
        return " ".join(typed.split())
    channel = _channel_of(typed, services)
    address = SecretStr(address_as_typed(channel, typed))
    return contact_route(Contact(person="operator", channel=channel, address=address), services)


def address_as_typed(channel: str, typed: str) -> str:
    """Raises RefusedError if the text is not an address for the channel."""
    text = " ".join(typed.split())
    if channel in _MAIL:
        return str(_mailbox(text.removeprefix("mailto:")))
    if channel in _NUMBERS:
        return _number(text)
    if channel == ContactChannel.NOTIFY_LETTER:
        return "\n".join(line.strip() for line in _BETWEEN_LINES.split(typed.strip()))
    if channel == ContactChannel.WEBHOOK:
        return _webhook(text)
    # The address of an Apprise service may be typed with its scheme.
    return text.removeprefix(f"{channel}://")


def _channel_of(typed: str, services: ContactServices) -> str:
    text, has_notify = " ".join(typed.split()), services.notify_key is not None
    if text.startswith("https://"):
        return ContactChannel.WEBHOOK.value
    if "://" in text:
        raise RefusedError(NO_ROUTE.format(allowed=", ".join(channels_allowed(services))))
    if "@" in text:
        by_notify = has_notify and services.mail_server is None
        return (ContactChannel.NOTIFY_EMAIL if by_notify else ContactChannel.EMAIL).value
    if _LIKE_A_NUMBER.fullmatch(text):
        by_notify = has_notify and services.text_service is None
        return (ContactChannel.NOTIFY_SMS if by_notify else ContactChannel.SMS).value
    raise RefusedError(NEITHER)


def _webhook(text: str) -> str:
    if not text.startswith("https://"):
        raise RefusedError("a webhook begins with https://, and ends with ?secret=whsec_ and its secret")
    return text


def _mailbox(text: str) -> MailAddress:
    named = _NAMED.fullmatch(text)
    try:
        if named is None:
            return read_mailbox(text)
        return MailAddress(read_mailbox(named["address"].strip()).address, _name(named["name"]))
    except NoAddressError:
        raise RefusedError(NEITHER) from None


def _name(written: str) -> str:
    plain = written.strip().strip('"')
    swapped = _LAST_FIRST.fullmatch(plain)
    ordered = f"{swapped['first']} {swapped['last']}" if swapped else plain
    return " ".join(_NOT_IN_A_NAME.sub(" ", ordered).split())


def _number(text: str) -> str:
    number = normalise_number(text) if _LIKE_A_NUMBER.fullmatch(text) else None
    if number is None:
        raise RefusedError(NEITHER)
    return number
