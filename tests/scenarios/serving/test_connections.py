from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from random import Random

import httpx
import pytest

from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts
from services.runtime.server import listen, served
from services.runtime.serving.connections import ConnectionLimits
from services.runtime.settings import Settings
from tests.support.deployment import Deployment
from tests.support.http import NOTICE, NOTICES, make_keys

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

PATIENCE = 20.0
BODY = json.dumps(NOTICE).encode()
WHOLE = (
    b"POST /v1/migration-notices HTTP/1.1\r\nHost: pullcord.example\r\nContent-Type: application/json\r\n"
    b"Content-Length: " + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)
LINK = b"POST /a/A-2222-2222.code HTTP/1.1\r\nHost: pullcord.example\r\nContent-Length: 20000\r\n\r\nname="
ONE_AND_A_HALF = b"GET /livez HTTP/1.1\r\nHost: pullcord.example\r\n\r\nGET /li"
HALVES = {
    "nothing": b"",
    "a word": b"POST",
    "a line": b"GET /livez HTTP/1.1\r\n",
    "some headers": b"POST /v1/migration-notices HTTP/1.1\r\nHost: pullcord.example\r\nContent-Ty",
    "no body": WHOLE[: WHOLE.index(b"\r\n\r\n") + 4],
    "half a body": WHOLE[:-20],
    "half a form": LINK,
    "one request and a half": ONE_AND_A_HALF,
}


@contextmanager
def serving(
    deployment: Deployment, limits: ConnectionLimits, body_seconds: float = 60.0
) -> Iterator[tuple[tuple[str, int], dict[str, str]]]:
    settings = Settings(_env_file=None, body_seconds=body_seconds)
    parts, keys = make_parts(settings, deployment.store, channel=deployment.channel), make_keys(deployment)
    with listen("127.0.0.1", 0) as listening, served(make_app(parts), listening, limits):
        yield listening.getsockname()[:2], keys
    parts.pool.close(1)


def half(address: tuple[str, int], sent: bytes) -> socket.socket:
    connection = socket.create_connection(address, timeout=PATIENCE)
    connection.sendall(sent)
    if sent == ONE_AND_A_HALF:
        # A connection keeps its place while its whole request is at work, on a busy machine for long.
        connection.recv(65_536)
    return connection


def ends(connection: socket.socket) -> bytes:
    # The result is everything that the server sent.
    taken = b""
    try:
        while part := connection.recv(65_536):
            taken += part
    except ConnectionError:
        pass
    return taken


def works(address: tuple[str, int], keys: dict[str, str]) -> None:
    # The health checks and the API answer a new caller.
    url = f"http://{address[0]}:{address[1]}"
    assert httpx.get(f"{url}/livez", timeout=PATIENCE).status_code == 200
    assert httpx.get(f"{url}/readyz", timeout=PATIENCE).status_code == 200
    header = {"Authorization": f"Bearer {keys['raven']}"}
    assert httpx.post(f"{url}{NOTICES}", json=NOTICE, headers=header, timeout=PATIENCE).status_code == 202


@pytest.mark.parametrize("kind", HALVES)
def test_however_many_half_sent_requests_there_are_a_new_caller_is_answered(deployment: Deployment, kind: str) -> None:
    with serving(deployment, ConnectionLimits(16)) as (address, keys), ExitStack() as held:
        for _ in range(60):
            held.enter_context(half(address, HALVES[kind]))
        works(address, keys)


def test_eleven_hundred_half_sent_requests_take_nothing_from_anybody(deployment: Deployment) -> None:
    sent = list(HALVES.values())
    with serving(deployment, ConnectionLimits(64)) as (address, keys), ExitStack() as held:
        for number in range(700):
            held.enter_context(half(address, sent[number % len(sent)]))
        works(address, keys)
        deployment.put_entries({"entry_id": "e1", "cli": "01632 960123"})
        deployment.tick(seconds=31)
        assert len(deployment.mails()) == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_request_cut_off_at_any_byte_takes_no_place(deployment: Deployment, seed: int) -> None:
    random = Random(seed)
    with serving(deployment, ConnectionLimits(16)) as (address, keys), ExitStack() as held:
        for _ in range(50):
            whole = random.choice([WHOLE, LINK])
            held.enter_context(half(address, whole[: random.randrange(len(whole))]))
        works(address, keys)


@pytest.mark.parametrize("kind", ["nothing", "a word", "a line", "some headers", "one request and a half"])
def test_a_head_that_does_not_arrive_in_time_ends_its_connection(deployment: Deployment, kind: str) -> None:
    limits = ConnectionLimits(16, head_seconds=0.2)
    with serving(deployment, limits) as (address, _), closing(half(address, HALVES[kind])) as connection:
        assert b"500" not in ends(connection)


def trickled(connection: socket.socket) -> int:
    """Send single bytes slowly, until the server ends the connection. Return the number of bytes."""
    connection.settimeout(0.01)
    for sent in range(2_000):
        try:
            connection.sendall(b"y")
            if connection.recv(1) == b"":
                return sent
        except TimeoutError:
            continue
        except ConnectionError:
            return sent
    pytest.fail("the server waits for ever")


def test_a_head_that_trickles_in_ends_at_the_same_time(deployment: Deployment) -> None:
    limits = ConnectionLimits(16, head_seconds=0.3)
    with serving(deployment, limits) as (address, _), closing(half(address, b"GET / HTTP/1.1\r\nX: ")) as connection:
        assert trickled(connection) < 2_000


@pytest.mark.parametrize("path", [NOTICES, "/a/A-2222-2222.code", "/v1/cases/C-2222-2222/events"])
def test_a_body_that_does_not_arrive_in_time_is_a_problem_and_ends_its_connection(
    deployment: Deployment, path: str
) -> None:
    with serving(deployment, ConnectionLimits(16), body_seconds=0.2) as (address, keys):
        head = f"POST {path} HTTP/1.1\r\nHost: pullcord.example\r\nContent-Type: application/json\r\n"
        head += f"Authorization: Bearer {keys['raven']}\r\nContent-Length: 500\r\n\r\n{{"
        with closing(half(address, head.encode())) as connection:
            answer = ends(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"urn:pullcord:problem:request-timeout" in answer


def test_a_whole_request_keeps_its_place_while_it_is_worked_on(deployment: Deployment) -> None:
    with serving(deployment, ConnectionLimits(16)) as (address, keys), ExitStack() as held:
        url, header = f"http://{address[0]}:{address[1]}", {"Authorization": f"Bearer {keys['raven']}"}
        rows = [{**NOTICE, "id": f"n{number}"} for number in range(2_000)]
        with httpx.Client(headers=header, timeout=PATIENCE) as client:
            for _ in range(40):
                held.enter_context(half(address, b"POST"))
            assert client.post(f"{url}{NOTICES}", json=rows).status_code == 202


def test_answers_are_not_held_back_to_be_sent_together() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
