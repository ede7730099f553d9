from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.delivery.channels.registry import channel_of

__all__ = ["UNREADABLE", "RouteRefusedError", "destination_of", "what_is_understood"]

# The destination of every refused route. Attempts to such a route fail at once, so a shared destination delays nobody.
UNREADABLE = "unreadable"


def what_is_understood(route: str) -> str:
    """Describe the route in words, without its password. Never log this description.

    Raises RouteRefusedError if the route is faulty.
    """
    # The description contains addresses, so no log may hold it.
    return channel_of(route).understood(route)


def destination_of(route: str) -> str:
    """Return the service of a route, such as `mail.example:587`. Return UNREADABLE if the route is faulty."""
    # Each destination has a limit of its own, so that a destination that hangs delays no other.
    try:
        return channel_of(route).destination(route)
    except RouteRefusedError:
        return UNREADABLE
