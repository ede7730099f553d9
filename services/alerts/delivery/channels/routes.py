"""Answers for the rest of Pullcord whom a route reaches, and to which host it goes."""

from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.delivery.channels.registry import channel_of

__all__ = ["UNREADABLE", "RouteRefusedError", "destination_of", "what_is_understood"]

# The destination of every refused route. Its sends fail at once, so sharing one place delays nobody.
UNREADABLE = "unreadable"


def what_is_understood(route: str) -> str:
    """Return the route in words for the person who gives it: no password, but addresses, so never for a log.

    Raises RouteRefusedError.
    """
    return channel_of(route).understood(route)


def destination_of(route: str) -> str:
    """Return the host and port of a route, with its service: `mail.example:587`, `json://hook.example:443`."""
    # Sends are limited by destination, so that one that hangs delays no other. It is compared, never shown.
    try:
        return channel_of(route).destination(route)
    except RouteRefusedError:
        return UNREADABLE
