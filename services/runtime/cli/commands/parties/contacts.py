from __future__ import annotations

from services.alerts.delivery.channels.as_typed import TypedAddress, contact_as_typed
from services.runtime.bootstrap import contact_services
from services.runtime.cli.support.output import cell, out
from services.runtime.settings import Settings


def read_typed(typed: str, channel: str | None) -> TypedAddress:
    """Raises RefusedError if the address is unreadable or its channel is not allowed."""
    return contact_as_typed(typed, channel, contact_services(Settings()))


def show_understood(person: str, where: str) -> None:
    # On its own line and never wrapped, because a person checks the address letter by letter.
    out().print(cell(f"{person}: {where}"), soft_wrap=True)
