"""Reads a route `webhook+https://host/path?secret=…` of Standard Webhooks."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NoBase64Error
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from services.alerts.delivery.channels.refusals import NOT_UNDERSTOOD, OPTION, WEBHOOK_KEY, RouteRefusedError
from services.alerts.delivery.channels.written import read_written

SCHEME = "webhook+https"
_PREFIX = "whsec_"
# The specification asks for a secret of 24 to 64 bytes.
_FEWEST_BYTES, _MOST_BYTES = 24, 64
_PLACE = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_HTTPS, _LAST_PORT = 443, 65_535
_SAFE_IN_A_PATH = "-._~!$&'()*+,;=:@"  # RFC 3986, 3.3


@dataclass(frozen=True, slots=True)
class WebhookRoute:
    host: str
    port: int
    path: str  # escaped, beginning with a slash; whoever holds it may post, so it is not shown
    secret: bytes = field(repr=False)

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}{self.path}"


def read_webhook_route(route: str) -> WebhookRoute:
    """Raises RouteRefusedError if the route or its secret is faulty."""
    written = read_written(route)
    place = _PLACE.fullmatch(written.authority)
    if written.scheme != SCHEME or place is None or "#" in route:
        raise RouteRefusedError(NOT_UNDERSTOOD)
    port = int(place["port"] or _HTTPS)
    if not 0 < port <= _LAST_PORT:
        raise RouteRefusedError(NOT_UNDERSTOOD)
    # An unknown option may be a misspelt secret, so it is refused.
    if written.options.keys() - {"secret"}:
        raise RouteRefusedError(OPTION)
    secret = _secret(written.options.get("secret", ""))
    return WebhookRoute(place["host"].lower(), port, _path(route), secret)


def _secret(text: str) -> bytes:
    try:
        secret = b64decode(text.removeprefix(_PREFIX), validate=True)
    except (NoBase64Error, ValueError):
        raise RouteRefusedError(WEBHOOK_KEY) from None
    if not _FEWEST_BYTES <= len(secret) <= _MOST_BYTES:
        raise RouteRefusedError(WEBHOOK_KEY)
    return secret


def _path(route: str) -> str:
    # The path as it was written, with a slash at its end if there was one. Each part is decoded and escaped once.
    _, _, path = route.strip().partition("://")[2].partition("?")[0].partition("/")
    return "/" + "/".join(quote(unquote(part), safe=_SAFE_IN_A_PATH) for part in path.split("/"))
