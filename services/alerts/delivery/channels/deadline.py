"""Limits the time of a whole exchange with a server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from time import monotonic


class Deadline:
    # The timeout of a socket is not enough, because it starts again after each byte.

    def __init__(self, seconds: float) -> None:
        self._ends_at = monotonic() + seconds
        self._watched: list[socket.socket] = []

    def left(self) -> float:
        """Raises TimeoutError if no time remains."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    @property
    def over(self) -> bool:
        return monotonic() >= self._ends_at

    def connect(
        self, host: str, port: int, timeout: float, check: Callable[[str], None] = lambda _address: None
    ) -> socket.socket:
        """Raises OSError if no IP address of the host answers. `check` may raise an error to refuse an IP address."""
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, address in addresses:
            check(str(address[0]))
        fault = OSError(f"no address of port {port}")
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            connection = socket.socket(family, kind, protocol)
            # Each address gets a share of the time left, so that an address that does not answer leaves time for the
            # next.
            try:
                connection.settimeout(min(timeout, self.left() / (len(addresses) - number)))
                connection.connect(address)
                connection.settimeout(min(timeout, self.left()))
            except OSError as error:
                connection.close()
                fault = error
            else:
                # A copy is watched: TLS takes over the original socket, which then can no longer be cut off.
                self._watched.append(connection.dup())
                return connection
        raise fault

    @contextmanager
    def running(self) -> Iterator[None]:
        timer = Timer(self.left(), self._cut_off)
        timer.daemon = True  # a stuck conversation must not keep the process alive
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            for connection in self._watched:
                connection.close()  # closes only the copy; the caller closes the original

    def _cut_off(self) -> None:
        for connection in self._watched:
            # A shutdown wakes a thread that waits in a read; a close would not.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
