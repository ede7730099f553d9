"""Where a route's messages go over the wire: sends are limited for each such place, so that one holds up no other."""

from services.alerts.delivery.channels.routes import RouteRefusedError, is_mail, read_mail_route, read_route

UNREADABLE = "unreadable"
"""The destination of every route that is refused: its sends end at once."""


def destination_of(route: str) -> str:
    """The host and port that a route is sent to, with its service: `mail.example:587`, `json://hook.example:443`.

    It is for comparing; nobody is shown it.
    """
    try:
        if is_mail(route):
            server = read_mail_route(route)
            return _place(server.smtp_host, server.port)
        service = read_route(route)
    except RouteRefusedError:
        return UNREADABLE
    return f"{_scheme(route)}://{_place(service.host, service.port)}"


def _place(host: object, port: object) -> str:
    return f"{str(host or '').strip('[]').lower()}:{port or ''}"


def _scheme(route: str) -> str:
    return route.partition(":")[0].strip().lower()
