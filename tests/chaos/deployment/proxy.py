from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import Any

# A Unix socket, or a host and a port.
Upstream = Path | tuple[str, int]

WITHIN_SECONDS = 10.0
CHUNK = 65_536
# With a linger time of zero, closing a socket resets the connection.
RESET = struct.pack("ii", 1, 0)


class Mode(StrEnum):
    OPEN = "open"
    # Every connection is reset, also every new one.
    CUT = "cut"
    DELAYED = "delayed"
    # Data is accepted and dropped. No answer comes, and neither side learns that the other is gone.
    HALF_OPEN = "half_open"


@dataclass
class Toll:
    # Connections that were cut, delayed or silent.
    connections: int = 0
    # Pieces of data that were delayed or swallowed.
    chunks: int = 0


class Link:
    def __init__(self) -> None:
        self.ends: list[asyncio.StreamWriter] = []
        self.silent = False
        # True if a fault has disturbed the connection since the proxy was last open.
        self.touched = False

    def reset(self) -> None:
        for end in self.ends:
            _reset(end)


class Proxy:
    def __init__(self, upstream: Upstream | None = None) -> None:
        self.upstream = upstream
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._mode, self._seconds, self._toll = Mode.OPEN, 0.0, Toll()
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=f"proxy {self.port}", daemon=True)

    def start(self, upstream: Upstream) -> Proxy:
        self.upstream = upstream
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, sock=self._socket))
        return self

    def stop(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN_SECONDS)
        self._loop.close()

    def cut(self) -> None:
        self._run(self._set(Mode.CUT))

    def delay(self, seconds: float) -> None:
        # The delay holds in both directions, until `open` is called.
        self._run(self._set(Mode.DELAYED, seconds))

    def half_open(self) -> None:
        self._run(self._set(Mode.HALF_OPEN))

    def open(self) -> Toll:
        done: Toll = self._run(self._set(Mode.OPEN))
        return done

    @property
    def toll(self) -> Toll:
        return self._toll

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_SECONDS)

    async def _set(self, mode: Mode, seconds: float = 0.0) -> Toll:
        done, self._toll = self._toll, Toll()
        self._mode, self._seconds = mode, seconds
        for link in list(self._links):
            link.touched = False
            if mode is Mode.CUT or link.silent:
                link.reset()
                self._toll.connections += mode is Mode.CUT
        return done

    def _count(self, link: Link) -> None:
        self._toll.chunks += 1
        self._toll.connections += not link.touched
        link.touched = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode is Mode.CUT:
            self._toll.connections += 1
            _reset(writer)
            return
        link = Link()
        link.ends.append(writer)
        self._links.add(link)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError):
                await self._join(link, reader, writer)
        finally:
            link.reset()
            self._links.discard(link)
            self._tasks.discard(task)

    async def _join(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await self._connect()
        link.ends.append(questions)
        copying = [asyncio.ensure_future(self._copy(link, *way)) for way in ((reader, questions), (answers, writer))]
        try:
            await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in copying:
                task.cancel()
            await asyncio.gather(*copying, return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.upstream, Path):
            return await asyncio.open_unix_connection(str(self.upstream))
        assert self.upstream is not None
        return await asyncio.open_connection(*self.upstream)

    async def _copy(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if self._mode is Mode.HALF_OPEN or link.silent:
                link.silent = True
                self._count(link)
                continue
            if self._mode is Mode.DELAYED:
                self._count(link)
                await asyncio.sleep(self._seconds)  # the fault itself: nobody waits here for something to happen
            writer.write(data)
            await writer.drain()

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _reset(end: asyncio.StreamWriter) -> None:
    found = end.get_extra_info("socket")
    if found is not None and found.family == socket.AF_INET:
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    end.transport.abort()
