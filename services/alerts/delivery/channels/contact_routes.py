"""Builds the route to a contact from the contact's address and the operator's services."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from services.alerts.delivery.channels.notify.govuk_notify_plugin import SCHEME as NOTIFY_SCHEME
from services.alerts.delivery.channels.webhook.webhook_route import SCHEME as WEBHOOK_SCHEME
from services.alerts.policy.contacts import Contact, ContactChannel
from services.core.errors import RefusedError
from services.core.operator.contact_services import ContactServices

NO_MAIL_SERVER: Final = (
    "a mail address needs your mail server: run `pullcord init` on a terminal, which asks for it, or set "
    "PULLCORD_MAIL_SERVER"
)
NO_TEXT_SERVICE: Final = (
    "a telephone number needs your text message service: set PULLCORD_TEXT_SERVICE to its Apprise address without a "
    "number"
)
_KINDS: Final = {
    ContactChannel.NOTIFY_EMAIL: "email",
    ContactChannel.NOTIFY_SMS: "sms",
    ContactChannel.NOTIFY_LETTER: "letter",
}


def contact_route(contact: Contact, services: ContactServices) -> str:
    """Return the route to the contact, without a check of the address.

    Raises RefusedError if the contact's channel has no service.
    """
    address = contact.address.get_secret_value()
    if contact.channel == ContactChannel.ROUTE:
        return address
    # A council chooses only the address. The mail server and the keys of services are always the operator's.
    if contact.channel == ContactChannel.EMAIL:
        return _with_target(_set(services.mail_server, NO_MAIL_SERVER), address)
    if contact.channel == ContactChannel.SMS:
        return _with_number(_set(services.text_service, NO_TEXT_SERVICE), address)
    if contact.channel == ContactChannel.WEBHOOK:
        return f"{WEBHOOK_SCHEME}://{address.removeprefix('https://')}"
    if contact.channel in tuple(_KINDS):
        return _by_notify(ContactChannel(contact.channel), address, services)
    return f"{contact.channel}://{address}"


def channels_set(services: ContactServices) -> tuple[str, ...]:
    # A webhook needs no service in the settings.
    notify = tuple(channel for channel in _KINDS if services.notify_key and _template(channel, services))
    mail = (ContactChannel.EMAIL,) if services.mail_server else ()
    texts = (ContactChannel.SMS,) if services.text_service else ()
    return tuple(channel.value for channel in (*mail, *texts, *notify, ContactChannel.WEBHOOK))


def channels_allowed(services: ContactServices) -> tuple[str, ...]:
    return services.allowed or channels_set(services)


def check_channel(channel: str, services: ContactServices) -> None:
    if channel in channels_allowed(services) and channel != ContactChannel.ROUTE:
        return
    # That a service is missing helps more than that its channel is not on a list.
    if not services.allowed:
        _refuse_unset(channel, services)
    raise RefusedError(
        f"this kind of contact is not allowed here; allowed are: {', '.join(channels_allowed(services))} "
        "(PULLCORD_CONTACT_CHANNELS)"
    )


def _refuse_unset(channel: str, services: ContactServices) -> None:
    if channel == ContactChannel.EMAIL:
        _set(services.mail_server, NO_MAIL_SERVER)
    if channel == ContactChannel.SMS:
        _set(services.text_service, NO_TEXT_SERVICE)
    if channel in tuple(_KINDS):
        _by_notify(ContactChannel(channel), "", services)


def _set(service: str | None, otherwise: str) -> str:
    if service is None:
        raise RefusedError(otherwise)
    return service


def _with_target(server: str, address: str) -> str:
    return f"{server}{'&' if '?' in server else '?'}to={quote(address, safe='')}"


def _with_number(service: str, number: str) -> str:
    # The number is the last part of the path, before any options.
    place, question, options = service.partition("?")
    return f"{place.rstrip('/')}/{number}{question}{options}"


def _by_notify(channel: ContactChannel, address: str, services: ContactServices) -> str:
    kind, template = _KINDS[channel], _template(channel, services)
    if services.notify_key is None or template is None:
        raise RefusedError(
            f"this contact needs GOV.UK Notify: set PULLCORD_NOTIFY_KEY and PULLCORD_NOTIFY_{kind.upper()}_TEMPLATE"
        )
    # Each line of a postal address is a part of the path. The other addresses have one line.
    lines = "/".join(quote(line.strip(), safe="") for line in address.split("\n"))
    return f"{NOTIFY_SCHEME}://{quote(services.notify_key, safe='')}/{template}/{lines}?kind={kind}"


def _template(channel: ContactChannel, services: ContactServices) -> str | None:
    return {
        ContactChannel.NOTIFY_EMAIL: services.notify_email_template,
        ContactChannel.NOTIFY_SMS: services.notify_sms_template,
        ContactChannel.NOTIFY_LETTER: services.notify_letter_template,
    }[channel]
