"""Reading the route of a service that Apprise knows: a URL that names exactly one target.

One target a route, so that every send has one outcome: with two, the one that was reached hides the one that was not.
"""

from services.alerts.delivery.channels.apprise.understood import left_out, names_nobody
from services.alerts.delivery.channels.library import ASSET, Apprise, NotifyBase, NotifyEmail, Overheard
from services.alerts.delivery.channels.refusals import (
    LEFT_OUT,
    NO_RECIPIENT,
    NOT_UNDERSTOOD,
    OPTION,
    SEVERAL,
    RouteRefusedError,
)
from services.alerts.delivery.channels.written import WrittenRoute, read_written


def read_route(route: str) -> NotifyBase:
    """The service and the one target that the route names; not for mail servers. Raises RouteRefusedError."""
    written = read_written(route)
    if ";" in route.partition("?")[2]:
        # Apprise takes it for an ampersand, and the last of two equal options wins.
        raise RouteRefusedError(OPTION)
    try:
        return _checked(route.strip(), written)
    except RouteRefusedError:
        raise
    except Exception:  # noqa: BLE001 - any of a hundred services' own faults in reading
        raise RouteRefusedError(NOT_UNDERSTOOD) from None


def _checked(route: str, written: WrittenRoute) -> NotifyBase:
    with Overheard() as overheard:
        service = Apprise.instantiate(route, asset=ASSET)
    if service is None or isinstance(service, NotifyEmail):
        raise RouteRefusedError(NOT_UNDERSTOOD)
    # Trying again is decided outside, and Apprise counts every try as one more target.
    service.retry = 0
    if _targets(service) > 1:
        raise RouteRefusedError(SEVERAL)
    if overheard.complaints:
        raise RouteRefusedError(LEFT_OUT)
    if _targets(service) < 1 or names_nobody(service, written):
        raise RouteRefusedError(NO_RECIPIENT)
    if left_out(service, written):
        raise RouteRefusedError(LEFT_OUT)
    return service


def _targets(service: NotifyBase) -> int:
    # A service that can send to many in one request counts them as one, and copies not at all.
    named = getattr(service, "targets", None)
    copies = len(getattr(service, "cc", None) or ()) + len(getattr(service, "bcc", None) or ())
    return max(len(service), len(named) if isinstance(named, list | tuple | set) else 0) + copies
