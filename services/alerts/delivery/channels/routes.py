"""Reading a route: an Apprise URL that names exactly one target.

One target a route, so that every send has one outcome: with two, the one that was reached hides the one that was not.
"""

from services.alerts.delivery.channels.library import ASSET, Apprise, NotifyBase, NotifyEmail, Overheard
from services.alerts.delivery.channels.mail.mail_route import SCHEMES, addresses_of, read_mail_route
from services.alerts.delivery.channels.refusals import (
    LEFT_OUT,
    NO_RECIPIENT,
    NOT_UNDERSTOOD,
    OPTION,
    SEVERAL,
    RouteRefusedError,
)
from services.alerts.delivery.channels.understood import left_out, names_nobody, targets_of
from services.alerts.delivery.channels.written import WrittenRoute, read_written

__all__ = ["RouteRefusedError", "is_mail", "read_mail_route", "read_route", "what_is_understood"]


def is_mail(route: str) -> bool:
    """Whether the route is a mail server's (`mailto://`, `mailtos://`)."""
    scheme, separator, _ = route.strip().partition("://")
    return bool(separator) and scheme.lower() in SCHEMES


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


def what_is_understood(route: str) -> str:
    """Where a message by this route goes, for the person who gives it: no password, and never for a log.

    Raises RouteRefusedError.
    """
    if not is_mail(route):
        service = read_route(route)
        return " to ".join([str(service.service_name), *targets_of(service)])
    mail = read_mail_route(route)
    who = addresses_of(mail)
    answers = f", answers to {who.reply}" if who.reply else ""
    return f"mail to {who.recipient} through {mail.smtp_host}:{mail.port}, from {who.sender}{answers}"
