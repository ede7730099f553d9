"""These mail servers accept connections, but never complete an SMTP dialogue."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, repeat
from threading import Event, Thread

# The pieces that a server sends, one after each pause. After the last piece the server sends nothing.
Script = Iterator[bytes]

# Seconds between two pieces.
MOMENT = 0.02


def silent() -> Script:
    return iter(())


def stuttered_greeting() -> Script:
    # The greeting never ends, so only a limit on the whole dialogue helps.
    return repeat(b"2")


def endless_greeting() -> Script:
    # Each line announces another line, so a limit on the time for one line is not enough.
    return repeat(b"220-welcome\r\n")


def stuttered_answer() -> Script:
    yield b"220 ready\r\n"
    yield from repeat(b"2")


def drawn(seed: int) -> Callable[[], Script]:
    noise = random.Random(seed)
    pieces = [noise.choice([b"2", b"220-", b"220-a\r\n", b"220 a\r\n", b"250-", b"-", b"\r\n"]) for _ in range(6)]
    return lambda: cycle(pieces)


class BadServer:
    def __init__(self, script: Callable[[], Script]) -> None:
        self._script = script
        # The backlog holds all connections that a test opens at once.
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._over = Event()
        # The highest number of connections at one time is `most`.
        self.open = self.most = self.ever = 0

    @property
    def host(self) -> str:
        # The address in the form of a route.
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
            # The timeout of the read in _gone is the pause between two pieces.
            connection.settimeout(MOMENT)
            for piece in self._script():
                if self._over.is_set() or _gone(connection):
                    break
                connection.sendall(piece)
            while not self._over.is_set() and not _gone(connection):
                pass
        self.open -= 1


def _gone(connection: socket.socket) -> bool:
    # The read returns nothing if the client has closed the socket. Otherwise it waits until the timeout.
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
