"""What the rest of Pullcord asks of a route: whom it reaches, and where it goes over the wire."""

from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.delivery.channels.registry import channel_of

__all__ = ["UNREADABLE", "RouteRefusedError", "destination_of", "what_is_understood"]

UNREADABLE = "unreadable"
"""The destination of every route that is refused: its sends end at once."""


def what_is_understood(route: str) -> str:
    """Where a message by this route goes, for the person who gives it: no password, and never for a log.

    Raises RouteRefusedError.
    """
    return channel_of(route).understood(route)


def destination_of(route: str) -> str:
    """The host and port that a route is sent to, with its service: `mail.example:587`, `json://hook.example:443`.

    Sends are limited for each such place, so that one holds up no other. It is for comparing; nobody is shown it.
    """
    try:
        return channel_of(route).destination(route)
    except RouteRefusedError:
        return UNREADABLE
