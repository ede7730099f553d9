"""The end of a conversation over a socket: whoever stutters, a byte at a time, does not get longer than the rest."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from time import monotonic


class Deadline:
    """So many seconds for everything that is done over the sockets it watches; then they are cut off."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = monotonic() + seconds
        self._watched: list[socket.socket] = []

    def left(self) -> float:
        """Seconds until then. Raises TimeoutError when there are none."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    @property
    def over(self) -> bool:
        """Whether the time has run out."""
        return monotonic() >= self._ends_at

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A watched connection to the first address of a host that takes it; each gets its part of the time left.

        `timeout` is the longest wait of each later step, in seconds. Raises OSError.
        """
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        fault = OSError(f"no address of port {port}")
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(min(timeout, self.left() / (len(addresses) - number)))
                connection.connect(address)
                connection.settimeout(min(timeout, self.left()))
            except OSError as error:
                connection.close()
                fault = error
            else:
                # A copy: TLS takes the original over and leaves nothing to cut off.
                self._watched.append(connection.dup())
                return connection
        raise fault

    @contextmanager
    def running(self) -> Iterator[None]:
        """Cut off what is watched if the block has not ended by then."""
        timer = Timer(self.left(), self._cut_off)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            for connection in self._watched:
                connection.close()

    def _cut_off(self) -> None:
        for connection in self._watched:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
