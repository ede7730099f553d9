from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, get_contextvars

HEADER = "X-Request-Id"
INSTANCE_PREFIX = "urn:pullcord:request:"

# The forms that proxies and tracing libraries make: a UUID, 32 hexadecimal digits, a ULID, an id of AWS X-Ray.
# Ids are logged. Any other text, such as a name or a telephone number, is replaced.
_WELL_FORMED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9a-f]{32}"
    r"|[0-7][0-9A-HJKMNP-TV-Z]{25}"
    r"|1-[0-9a-f]{8}-[0-9a-f]{24}",
    re.IGNORECASE | re.ASCII,
)
# W3C Trace Context: version, trace id, parent id, flags. Later versions may add further parts.
_TRACE_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def request_id_of(headers: Headers, make: Callable[[], str]) -> str:
    """Return the request id from the headers, or a new id if the headers have no valid id."""
    own = headers.get(HEADER, "").strip()
    if _WELL_FORMED.fullmatch(own):
        return own
    traced = _TRACE_PARENT.fullmatch(headers.get("traceparent", "").strip())
    return traced[1] if traced else make()


def current_request_id() -> str | None:
    found: str | None = get_contextvars().get("request_id")
    return found


class RequestIds:
    def __init__(self, app: ASGIApp, make: Callable[[], str] = lambda: str(uuid4())) -> None:
        self._app, self._make = app, make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(Headers(scope=scope), self._make)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        # Not reset afterwards: the handler of unexpected errors, outside this middleware, needs the id too. The context
        # ends with the task of the request.
        bind_contextvars(request_id=request_id)
        await self._app(scope, receive, send_with_id)
