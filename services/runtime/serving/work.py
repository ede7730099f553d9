from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from services.web.problems import ProblemError, ProblemType, problem_response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# They answer even when every place is taken: a busy process must not be started again.
ALWAYS = frozenset({"/livez", "/readyz", "/metrics"})

# Every route of these methods reads the body before it works. All other routes never read one.
WITH_BODY = frozenset({"POST", "PUT"})


@dataclass(frozen=True, slots=True)
class WorkLimits:
    # The limits are our own choice: no source prescribes them.
    # Requests that are worked on at once. The framework has 40 threads.
    requests: int = 32
    # Seconds within which a body must arrive.
    body_seconds: float = 60.0
    # Seconds that a whole request waits for a place.
    wait_seconds: float = 10.0


class LimitedWork:
    """Limits the number of requests that are worked on at once."""

    def __init__(self, app: App, limits: WorkLimits) -> None:
        self._app = app
        self._limits = limits
        self._places = asyncio.Semaphore(limits.requests)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as held:
            try:
                if not _has_body(scope):
                    await self._take_place(held)
                    await self._app(scope, receive, send)
                else:
                    await self._app(scope, self._timed(receive, held), send)
            except ProblemError as problem:
                # Raised outside the routes, where no handler of the application sees it.
                await problem_response(problem)(scope, receive, send)

    def _timed(self, receive: Receive, held: AsyncExitStack) -> Receive:
        ends_at, whole = asyncio.get_running_loop().time() + self._limits.body_seconds, False

        async def timed() -> Message:
            nonlocal whole
            if whole:
                # After the body comes the end of the connection.
                return await receive()
            try:
                async with asyncio.timeout_at(ends_at):
                    message = await receive()
            except TimeoutError:
                raise _too_slow() from None
            if message["type"] != "http.request" or not message.get("more_body", False):
                whole = True
                await self._take_place(held)
            return message

        return timed

    async def _take_place(self, held: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await held.enter_async_context(self._places)
        except TimeoutError:
            raise _busy() from None


def _has_body(scope: MutableMapping[str, Any]) -> bool:
    # A GET may state a length too. Nobody would wait for that body, so its place must be taken at once.
    return scope["method"] in WITH_BODY and any(
        name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]
    )


def _too_slow() -> ProblemError:
    detail = "the body of the request did not arrive in time: send it again, in parts if the line is slow"
    return ProblemError(408, ProblemType.REQUEST_TIMEOUT, detail, headers={"Connection": "close"})


def _busy() -> ProblemError:
    detail = "too many requests are being worked on; nothing was taken in. Send it again"
    return ProblemError(503, ProblemType.UNAVAILABLE, detail, headers={"Retry-After": "5", "Connection": "close"})
