from services.alerts.delivery.channels.apprise.understood import left_out, names_nobody
from services.alerts.delivery.channels.library import ASSET, Apprise, NotifyBase, NotifyEmail, WarningCounter
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
    """Raises RouteRefusedError if the route is faulty, is a mail route, or does not name exactly one target."""
    written = read_written(route)
    if ";" in route.partition("?")[2]:
        # Apprise reads a semicolon as an ampersand, and uses the last of two equal options.
        raise RouteRefusedError(OPTION)
    try:
        return _checked(route.strip(), written)
    except RouteRefusedError:
        raise
    except Exception:  # noqa: BLE001 - each service raises errors of its own when it reads a route
        raise RouteRefusedError(NOT_UNDERSTOOD) from None


def _checked(route: str, written: WrittenRoute) -> NotifyBase:
    with WarningCounter() as counter:
        service = Apprise.instantiate(route, asset=ASSET)
    if service is None or isinstance(service, NotifyEmail):
        raise RouteRefusedError(NOT_UNDERSTOOD)
    # The dispatcher decides when to try again. Apprise would count each retry as one more target.
    service.retry = 0
    if _targets(service) > 1:
        raise RouteRefusedError(SEVERAL)
    # A target that a service drops shows only in Apprise's log.
    if counter.complaints:
        raise RouteRefusedError(LEFT_OUT)
    if _targets(service) < 1 or names_nobody(service, written):
        raise RouteRefusedError(NO_RECIPIENT)
    if left_out(service, written):
        raise RouteRefusedError(LEFT_OUT)
    return service


def _targets(service: NotifyBase) -> int:
    # A service that sends to several targets in one request counts them as one, and does not count copies.
    named = getattr(service, "targets", None)
    copies = len(getattr(service, "cc", None) or ()) + len(getattr(service, "bcc", None) or ())
    return max(len(service), len(named) if isinstance(named, list | tuple | set) else 0) + copies
