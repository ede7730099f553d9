from __future__ import annotations

import socket
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from time import monotonic

import pytest

from tests.chaos.deployment.proxy import Proxy, Toll
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

PATIENCE = 5.0
A_WHILE = 0.3


class Echo(BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(100):
            self.request.sendall(data)


class EchoServer(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        # These tests cut connections on purpose.
        ...


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        made = Proxy().start(("127.0.0.1", server.server_address[1]))
        yield made
        made.stop()
        server.shutdown()


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as made:
        assert said(made, b"hello") == b"hello"
        yield made


def is_reset(proxy: Proxy) -> None:
    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as refused,
    ):
        refused.recv(100)


def said(connection: socket.socket, word: bytes) -> bytes:
    connection.sendall(word)
    return connection.recv(100)


def test_what_is_cut_is_reset_and_nobody_gets_in_until_it_is_open_again(
    proxy: Proxy, connection: socket.socket
) -> None:
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        connection.recv(100)
    is_reset(proxy)
    assert proxy.open().connections == 2
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as again:
        assert said(again, b"again") == b"again"


def test_what_is_delayed_comes_late_and_whole(proxy: Proxy, connection: socket.socket) -> None:
    proxy.delay(A_WHILE)
    began = monotonic()
    assert said(connection, b"slow") == b"slow"
    assert monotonic() - began >= 2 * A_WHILE
    assert proxy.open() == Toll(connections=1, chunks=2)


def test_half_open_it_takes_what_is_sent_and_answers_nothing(proxy: Proxy, connection: socket.socket) -> None:
    proxy.half_open()
    connection.sendall(b"anybody there?")
    connection.settimeout(A_WHILE)
    with pytest.raises(TimeoutError):
        connection.recv(100)
    assert until(lambda: proxy.toll.chunks == 1, PATIENCE)
    proxy.open()
    connection.settimeout(PATIENCE)
    with pytest.raises(ConnectionResetError):
        connection.recv(100)


def test_a_connection_on_which_nothing_was_sent_while_half_open_goes_on(
    proxy: Proxy, connection: socket.socket
) -> None:
    proxy.half_open()
    proxy.open()
    assert said(connection, b"still here") == b"still here"


def test_with_nobody_behind_it_a_connection_is_reset(proxy: Proxy) -> None:
    proxy.upstream = ("127.0.0.1", 1)
    is_reset(proxy)
