from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from services.runtime.serving.work import LimitedWork, WorkLimits

Sent = list[dict[str, Any]]


def scope(path: str = "/v1/cases", *, body: bool = False, method: str = "POST") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": [(b"content-length", b"2")] if body else []}


async def ask(app: LimitedWork, of: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]]) -> Sent:
    sent: Sent = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await app(of, receive, send)
    return sent


async def whole() -> dict[str, Any]:
    return {"type": "http.request", "body": b"{}", "more_body": False}


class Held:
    def __init__(self, *, reads_body: bool = True) -> None:
        self.let_go = anyio.Event()
        # The highest number of requests at one time is `most`.
        self.at_work = self.most = 0
        self.reads_body = reads_body

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        if self.reads_body:
            await receive()
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        await self.let_go.wait()
        self.at_work -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("body", [False, True])
@pytest.mark.parametrize("places", [1, 2, 5])
def test_no_more_requests_are_worked_on_than_there_are_places(places: int, body: bool) -> None:
    async def story() -> tuple[int, list[Sent]]:
        held = Held()
        app, answers = LimitedWork(held, WorkLimits(requests=places)), list[Sent]()

        async def one() -> None:
            answers.append(await ask(app, scope(body=body), whole))

        async with anyio.create_task_group() as group:
            for _ in range(3 * places):
                group.start_soon(one)
            await anyio.wait_all_tasks_blocked()
            held.let_go.set()
        return held.most, answers

    most, answers = anyio.run(story)
    assert most == places
    assert [answer[0]["status"] for answer in answers] == [200] * (3 * places)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("length", [b"0", b"2", b"9999"])
def test_a_stated_body_that_no_route_reads_is_no_way_round_the_places(method: str, length: bytes) -> None:
    async def story() -> tuple[int, list[int]]:
        held, statuses = Held(reads_body=False), list[int]()
        app = LimitedWork(held, WorkLimits(requests=1, wait_seconds=0))
        stated = {**scope(method=method), "headers": [(b"content-length", length)]}

        async def one() -> None:
            statuses.append((await ask(app, stated, whole))[0]["status"])

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(one)
            await anyio.wait_all_tasks_blocked()
            held.let_go.set()
        return held.most, statuses

    most, statuses = anyio.run(story)
    assert most == 1
    assert sorted(statuses) == [200, 503, 503]


@pytest.mark.parametrize("body", [False, True])
def test_a_request_that_gets_no_place_is_told_when_to_come_again(body: bool) -> None:
    async def story() -> Sent:
        held = Held()
        app = LimitedWork(held, WorkLimits(requests=1, wait_seconds=0))
        async with anyio.create_task_group() as group:
            group.start_soon(ask, app, scope(), whole)
            await anyio.wait_all_tasks_blocked()
            refused = await ask(app, scope(body=body), whole)
            held.let_go.set()
        return refused

    start, body_sent = anyio.run(story)
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"] == b"5"
    assert json.loads(body_sent["body"])["type"] == "urn:pullcord:problem:unavailable"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_health_answers_when_every_place_is_taken(path: str) -> None:
    async def story() -> Sent:
        held = Held()

        async def app_of(of: Any, receive: Any, send: Any) -> None:
            if of["path"] == path:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return
            await held(of, receive, send)

        app = LimitedWork(app_of, WorkLimits(requests=1, wait_seconds=0))
        async with anyio.create_task_group() as group:
            group.start_soon(ask, app, scope(), whole)
            await anyio.wait_all_tasks_blocked()
            answer = await ask(app, scope(path), whole)
            held.let_go.set()
        return answer

    assert anyio.run(story)[0]["status"] == 200


def test_a_caller_who_sends_slowly_takes_no_place_of_another() -> None:
    async def never() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def story() -> Sent:
        held = Held()
        app = LimitedWork(held, WorkLimits(requests=1, wait_seconds=0))
        held.let_go.set()
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ask, app, scope(body=True), never)
            await anyio.wait_all_tasks_blocked()
            answer = await ask(app, scope(body=True), whole)
            group.cancel_scope.cancel()
        return answer

    assert anyio.run(story)[0]["status"] == 200
