"""Mail servers that take a connection and do no good with it."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, repeat
from threading import Event, Thread

Script = Iterator[bytes]
"""What a server sends, one piece a moment; after the last it says nothing more."""

MOMENT = 0.02
"""Seconds between two pieces."""


def silent() -> Script:
    """Nothing at all."""
    return iter(())


def stuttered_greeting() -> Script:
    """A greeting that never comes to its end."""
    return repeat(b"2")


def endless_greeting() -> Script:
    """A greeting of lines without number, each of which says that another follows."""
    return repeat(b"220-welcome\r\n")


def stuttered_answer() -> Script:
    """A greeting, then an answer that never comes to its end."""
    yield b"220 ready\r\n"
    yield from repeat(b"2")


def drawn(seed: int) -> Callable[[], Script]:
    """Pieces of answers drawn at random, repeated for ever."""
    noise = random.Random(seed)
    pieces = [noise.choice([b"2", b"220-", b"220-a\r\n", b"220 a\r\n", b"250-", b"-", b"\r\n"]) for _ in range(6)]
    return lambda: cycle(pieces)


class BadServer:
    """Follows its script with everybody; `most` is how many it has had at once."""

    def __init__(self, script: Callable[[], Script]) -> None:
        self._script = script
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._over = Event()
        self.open = self.most = self.ever = 0

    @property
    def host(self) -> str:
        """As it stands in a route."""
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def start(self) -> BadServer:
        Thread(target=self._take, daemon=True).start()
        return self

    def stop(self) -> None:
        self._over.set()
        self._listening.close()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.ever += 1
                self.open += 1
                self.most = max(self.most, self.open)
                Thread(target=self._follow, args=(connection,), daemon=True).start()

    def _follow(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(MOMENT)
            for piece in self._script():
                if self._over.is_set() or _gone(connection):
                    break
                connection.sendall(piece)
            while not self._over.is_set() and not _gone(connection):
                pass
        self.open -= 1


def _gone(connection: socket.socket) -> bool:
    """Whether the other side has closed; takes a moment to see."""
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False


@contextmanager
def bad_servers(count: int, script: Callable[[], Script]) -> Iterator[list[BadServer]]:
    """So many of them."""
    servers = [BadServer(script).start() for _ in range(count)]
    try:
        yield servers
    finally:
        for server in servers:
            server.stop()
