from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import cast

import structlog
import uvicorn
from fastapi import FastAPI

from services.runtime.serving.connections import ConnectionLimits, allow_descriptors, protocol_within
from services.runtime.settings import Settings

log = structlog.get_logger()

# Seconds that running requests may still take after a stop was requested.
GRACE_SECONDS = 25

STARTING_SECONDS = 30


class StoppableServer(uvicorn.Server):
    """Ends without an error code after a signal."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            log.info("serving", address=host, port=port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # uvicorn would raise the handled signal again, and a clean stop would look like a failure.
        self._captured_signals.clear()


def listen(host: str, port: int) -> socket.socket:
    """Port 0 means any free port."""
    # uvicorn receives an open socket, so the address family must be chosen here.
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    # Send small answers at once: Nagle's algorithm with delayed acknowledgements would add 40 ms to each.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url_of(host: str, port: int) -> str:
    bare = host.strip("[]")
    return f"http://[{bare}]:{port}" if ":" in bare else f"http://{bare}:{port}"


def connection_limits(settings: Settings) -> ConnectionLimits:
    # First let this process open as many files as it may.
    allow_descriptors()
    return ConnectionLimits(settings.max_connections, settings.head_seconds)


def make_server(app: FastAPI, limits: ConnectionLimits = ConnectionLimits()) -> StoppableServer:  # noqa: B008 - frozen
    config = uvicorn.Config(
        app,
        # A factory serves as well as a class: uvicorn only calls it.
        http=cast("type[asyncio.Protocol]", protocol_within(limits)),
        ws="none",
        # uvicorn's own logs would hold the addresses and paths of requests.
        log_config=None,
        access_log=False,
        # Nobody outside needs to know which server this is.
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    return StoppableServer(config)


@contextmanager
def served(
    app: FastAPI,
    listening: socket.socket,
    limits: ConnectionLimits = ConnectionLimits(),  # noqa: B008 - frozen
) -> Iterator[str]:
    server = make_server(app, limits)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="server", daemon=True)
    thread.start()
    host, port = listening.getsockname()[:2]
    try:
        yield url_of(host, port)
    finally:
        server.should_exit = True
        thread.join(STARTING_SECONDS)
