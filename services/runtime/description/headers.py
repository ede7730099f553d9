from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

TEXT = {"type": "string"}
# By the name of the header. The reference to each stands at every answer that has it.
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "The id of the request: your own `X-Request-Id` or the trace id of your `traceparent`, if well "
        "formed, and else a new one. It is in the log.",
        "schema": TEXT,
    },
    "Location": {"description": "The address at which the receipt can be read again.", "schema": TEXT},
    "Link": {
        "description": 'The address of the next page: `<…>; rel="next"`. Missing on the last page.',
        "schema": TEXT,
    },
    "ETag": {"description": "The version of the policy, for `If-Match`.", "schema": TEXT},
    "Retry-After": {"description": "Seconds to wait before the request is sent again.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "The scheme of the key that is needed.", "schema": {"const": "Bearer"}},
}
SENT: dict[str, tuple[str, ...]] = {
    "202": ("Location",),
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
# The operations whose answers have a version.
WITH_VERSION = frozenset({"show_policy", "replace_policy"})


def describe_headers(described: dict[str, Any], operations: Iterable[dict[str, Any]]) -> None:
    described["components"]["headers"] = HEADERS
    for operation in operations:
        for status, response in operation["responses"].items():
            names = _names(operation, status)
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _names(operation: dict[str, Any], status: str) -> Iterator[str]:
    yield "X-Request-Id"
    yield from SENT.get(status, ())
    if operation["operationId"] in WITH_VERSION and status == "200":
        yield "ETag"
    paged = any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ()))
    if paged and status == "200":
        yield "Link"
