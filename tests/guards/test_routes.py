from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from services.web.problems import ProblemType
from tests.support.deployment import Deployment
from tests.support.http import Api, open_api, problem_of

OPEN = {
    "/livez": "a supervisor asks it, and it says nothing of anybody",
    "/readyz": "a proxy asks it, and it says nothing of anybody",
    "/metrics": "figures that name nobody, for the inside",
    "/a/{token}": "the unguessable code in it is the key: it comes with an alert",
    "/a/{token}/taken/{number}": "the same",
    "/a/{token}/changes": "the same",
    "/d/{token}": "the same: the code comes with a drill",
    "/openapi.json": "the description that is published anyway",
    "/docs": "the same, for reading",
    "/docs/oauth2-redirect": "part of that page",
    "/redoc": "the same, for reading",
    "/static-offline-docs": "the scripts of these pages",
}


@pytest.fixture
def opened(deployment: Deployment) -> Iterator[Api]:
    with open_api(deployment) as api:
        yield api


def found(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    # Routes of included routers count. The paths have the form of OpenAPI.
    for route in routes:
        if hasattr(route, "original_router"):
            yield from found(route.original_router.routes)
        else:
            described = re.sub(r":\w+}", "}", route.path)
            # A mounted folder of files has no methods of its own: it answers GET.
            methods = getattr(route, "methods", {"GET"})
            yield from ((method, described) for method in sorted(methods - {"HEAD"}))


def test_every_route_that_is_not_on_the_list_asks_for_a_key(opened: Api) -> None:
    for method, path in found(opened.app.routes):
        if path not in OPEN:
            answer = opened.ask(None, method, re.sub(r"\{\w+\}", "x", path))
            assert problem_of(answer) == (401, ProblemType.UNAUTHENTICATED), path
            assert answer.headers["www-authenticate"] == "Bearer", path


def test_every_route_that_is_not_on_the_list_is_described_with_its_key(opened: Api) -> None:
    described = opened.app.openapi()["paths"]
    for method, path in found(opened.app.routes):
        if path not in OPEN:
            operation = described[path][method.lower()]
            assert operation["security"], path
            assert {"401", "403"} <= operation["responses"].keys(), path


def test_every_route_of_the_description_was_looked_at(opened: Api) -> None:
    looked_at = set(found(opened.app.routes))
    described = opened.app.openapi()["paths"]
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} <= looked_at


def test_the_list_names_no_route_that_is_gone(opened: Api) -> None:
    assert set(OPEN) <= {path for _, path in found(opened.app.routes)}
