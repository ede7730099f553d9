"""Reading a route: an Apprise URL that names exactly one target.

One target a route, so that every send has one outcome: with two, the one that was reached hides the one that was not.
"""

from services.alerts.channels.library import ASSET, Apprise, NotifyBase, NotifyEmail, parse_emails
from services.alerts.channels.port import Outcome, SendResult

_MAIL = ("mailto://", "mailtos://")
_NOT_UNDERSTOOD = "route_not_understood"
_SEVERAL = "several_targets"
_ENCRYPTED = "encrypted_mail_not_supported"


class RouteRefusedError(ValueError):
    """A route that cannot be used until somebody changes it. Its text is a stable code and never the route.

    `route_not_understood`: give a URL of a service that Apprise knows, with a target.
    `several_targets`: give each contact one target; copies (cc, bcc) are targets too.
    `encrypted_mail_not_supported`: leave out the PGP options; the message holds nothing secret.
    """

    @property
    def result(self) -> SendResult:
        return SendResult(Outcome.FAILED_PERMANENT, str(self))


def is_mail(route: str) -> bool:
    """Whether the route is a mail server's (`mailto://`, `mailtos://`)."""
    return route.strip().lower().startswith(_MAIL)


def read_route(route: str) -> NotifyBase:
    """The service and the one target that the route names. Raises RouteRefusedError."""
    service = Apprise.instantiate(route, asset=ASSET)
    if service is None:
        raise RouteRefusedError(_NOT_UNDERSTOOD)
    # Trying again is decided outside, and Apprise counts every try as one more target.
    service.retry = 0
    if _targets(service) > 1:
        raise RouteRefusedError(_SEVERAL)
    return service


def _targets(service: NotifyBase) -> int:
    # A service that can send to many in one request counts them as one.
    named = getattr(service, "targets", None)
    return max(len(service), len(named) if isinstance(named, list | tuple | set) else 0)


def read_mail_route(route: str) -> NotifyEmail:
    """The mail server, the sender and the one recipient that the route names. Raises RouteRefusedError."""
    service = read_route(route)
    if not isinstance(service, NotifyEmail) or not service.targets:
        raise RouteRefusedError(_NOT_UNDERSTOOD)
    if service.cc or service.bcc or _written(route) > 1:
        raise RouteRefusedError(_SEVERAL)
    if service.pgp_mode != "no":
        raise RouteRefusedError(_ENCRYPTED)
    return service


def _written(route: str) -> int:
    """How many recipients were written, also those that Apprise leaves out because they are no addresses."""
    written = NotifyEmail.parse_url(route)["targets"]  # type: ignore[no-untyped-call]
    return len(parse_emails(written))  # type: ignore[no-untyped-call]
