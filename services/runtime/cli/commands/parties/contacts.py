"""Reads a contact that a person types, and shows the address as Pullcord understands it."""

from __future__ import annotations

from services.alerts.delivery.channels.as_typed import TypedAddress, contact_as_typed
from services.alerts.delivery.channels.contact_routes import contact_route
from services.alerts.delivery.channels.routes import RouteRefusedError, what_is_understood
from services.alerts.policy.contacts import Contact
from services.core.errors import RefusedError
from services.runtime.bootstrap import contact_services
from services.runtime.cli.support.output import cell, out, plain
from services.runtime.settings import Settings


class PolicyRefusedError(RefusedError):
    """The policy is not valid. The text names the faulty part and the reason."""


def read_typed(typed: str, channel: str | None) -> TypedAddress:
    """Return the address that a person typed, with its channel.

    Raises RefusedError if the address cannot be read, or if the channel is not allowed.
    """
    return contact_as_typed(typed, channel, contact_services(Settings()))


def understood(tier: str, contact: Contact) -> str:
    """Return whom a contact reaches, for the person who enters the contact. Never log this text.

    Raises PolicyRefusedError if the address cannot be used.
    """
    try:
        return what_is_understood(contact_route(contact, contact_services(Settings())))
    except RouteRefusedError as error:
        remedy = error.remedy
    except RefusedError as error:
        remedy = str(error)
    who = f"{plain(contact.person)}, tier {plain(tier)}"
    # The text names the contact and never holds the address.
    raise PolicyRefusedError(f"the address cannot be used ({who}): {remedy}")


def show_understood(person: str, where: str) -> None:
    # On its own line and never wrapped, because a person checks the address letter by letter.
    out().print(cell(f"{person}: {where}"), soft_wrap=True)
