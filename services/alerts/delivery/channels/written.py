"""Splits a route without Apprise, because Apprise decodes some values twice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from services.alerts.delivery.channels.refusals import NOT_UNDERSTOOD, OPTION, SEVERAL, RouteRefusedError

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class WrittenRoute:
    # The path and the options are decoded.
    scheme: str  # in small letters
    authority: str  # not decoded: a decoded @ or : would look like a separator
    path: tuple[str, ...]
    options: Mapping[str, str]  # names in small letters, except headers (`+X-Council`)


def read_written(route: str) -> WrittenRoute:
    scheme, separator, rest = route.strip().partition("://")
    if not separator or not route.strip().isprintable():
        raise RouteRefusedError(NOT_UNDERSTOOD)
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    parts = tuple(_decoded(part) for part in path.split("/") if part)
    return WrittenRoute(scheme.lower(), authority, parts, _options(query))


def _options(query: str) -> Mapping[str, str]:
    options: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        written, _, value = pair.partition("=")
        name = _decoded(written).strip()
        name = name if name.startswith("+") else name.lower()
        # Nobody can tell which of two equal options was meant, and a second `to` is a second recipient.
        if name in options:
            raise RouteRefusedError(SEVERAL if name == "to" else OPTION)
        options[name] = _decoded(value)
    return options


def _decoded(text: str) -> str:
    # A plus is not decoded as a blank, because many addresses and telephone numbers hold a plus.
    if _BROKEN_ESCAPE.search(text):
        raise RouteRefusedError(OPTION)
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise RouteRefusedError(OPTION) from None
