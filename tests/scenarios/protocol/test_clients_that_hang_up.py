from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client import REGISTRY

from tests.support.deployment import Deployment
from tests.support.http import ENTRIES, NOTICE, NOTICE_UPLOADS, NOTICES, served_api
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

PATIENCE = 20.0


@pytest.fixture
def served(deployment: Deployment) -> Iterator[tuple[str, dict[str, str]]]:
    with served_api(deployment) as opened:
        yield opened


def counted(status: str) -> float:
    samples = [
        one for family in REGISTRY.collect() for one in family.samples if one.name == "pullcord_http_requests_total"
    ]
    return sum(one.value for one in samples if one.labels["status"].startswith(status))


def hang_up(url: str, key: str, method: str, path: str, body: bytes, declared: int) -> None:
    # The client sends only a part of the body.
    where = urlsplit(url)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {declared}\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
        connection.sendall(head.encode() + body)


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [("raven", "POST", NOTICES), ("blackpool", "PUT", ENTRIES), ("raven", "POST", NOTICE_UPLOADS)],
)
def test_half_a_body_is_no_error_of_ours(who: str, method: str, path: str, served: tuple[str, dict[str, str]]) -> None:
    url, keys = served
    ours, theirs = counted("5"), counted("4")
    hang_up(url, keys[who], method, path, b'{"id": "n1", ', 1000)
    assert until(lambda: counted("4") > theirs, PATIENCE)
    assert counted("5") == ours


def test_wherever_the_connection_breaks_others_are_served(served: tuple[str, dict[str, str]]) -> None:
    url, keys = served
    noise, ours, theirs = random.Random(4), counted("5"), counted("4")
    for _ in range(20):
        size = noise.randrange(1, 5000)
        hang_up(url, keys["raven"], "POST", NOTICES, b" " * noise.randrange(size), size)
    assert until(lambda: counted("4") >= theirs + 20, PATIENCE)
    assert counted("5") == ours
    answer = httpx.post(url + NOTICES, json=NOTICE, headers={"Authorization": f"Bearer {keys['raven']}"})
    assert answer.status_code == 202
