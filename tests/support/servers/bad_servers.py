"""Mail servers that take a connection and do no good with it."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, repeat
from threading import Event, Thread

# What a server sends, one piece a moment; after the last it says nothing more.
Script = Iterator[bytes]

# Seconds between two pieces.
MOMENT = 0.02


def silent() -> Script:
    return iter(())


def stuttered_greeting() -> Script:
    # It never comes to its end: only a limit on the whole send helps.
    return repeat(b"2")


def endless_greeting() -> Script:
    # Each line announces another: a limit on one line is not enough.
    return repeat(b"220-welcome\r\n")


def stuttered_answer() -> Script:
    yield b"220 ready\r\n"
    yield from repeat(b"2")


def drawn(seed: int) -> Callable[[], Script]:
    noise = random.Random(seed)
    pieces = [noise.choice([b"2", b"220-", b"220-a\r\n", b"220 a\r\n", b"250-", b"-", b"\r\n"]) for _ in range(6)]
    return lambda: cycle(pieces)


class BadServer:
    """Follows its script with everybody; `most` is how many it has had at once."""

    def __init__(self, script: Callable[[], Script]) -> None:
        self._script = script
        # The backlog holds every connection that a test opens at once.
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._over = Event()
        self.open = self.most = self.ever = 0

    @property
    def host(self) -> str:
        # As it stands in a route.
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
            # The read in _gone is what makes the pause between two pieces.
            connection.settimeout(MOMENT)
            for piece in self._script():
                if self._over.is_set() or _gone(connection):
                    break
                connection.sendall(piece)
            while not self._over.is_set() and not _gone(connection):
                pass
        self.open -= 1


def _gone(connection: socket.socket) -> bool:
    # A closed socket reads as empty, and that takes a moment.
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False


@contextmanager
def bad_servers(count: int, script: Callable[[], Script]) -> Iterator[list[BadServer]]:
    servers = [BadServer(script).start() for _ in range(count)]
    try:
        yield servers
    finally:
        for server in servers:
            server.stop()
