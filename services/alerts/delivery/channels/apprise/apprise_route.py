"""Reads the route of a service that Apprise knows: a URL that names exactly one target.

With two targets a send could reach one and miss the other, and Apprise reports one result for both.
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
    """Return the service with its one target. Mail servers are refused. Raises RouteRefusedError."""
    written = read_written(route)
    if ";" in route.partition("?")[2]:
        # Apprise takes a semicolon for an ampersand, and the last of two equal options wins.
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
    # The dispatcher decides on retries. Apprise also counts every retry as one more target.
    service.retry = 0
    if _targets(service) > 1:
        raise RouteRefusedError(SEVERAL)
    # A target that a service drops shows only in Apprise's log.
    if overheard.complaints:
        raise RouteRefusedError(LEFT_OUT)
    if _targets(service) < 1 or names_nobody(service, written):
        raise RouteRefusedError(NO_RECIPIENT)
    if left_out(service, written):
        raise RouteRefusedError(LEFT_OUT)
    return service


def _targets(service: NotifyBase) -> int:
    # A service that sends to many in one request counts them as one target, and does not count copies.
    named = getattr(service, "targets", None)
    copies = len(getattr(service, "cc", None) or ()) + len(getattr(service, "bcc", None) or ())
    return max(len(service), len(named) if isinstance(named, list | tuple | set) else 0) + copies
