"""Reads request bodies within bounds, and takes rows out of JSON and NDJSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request
from pydantic_core import from_json

from services.web.problems import ProblemError, ProblemType

JSON = "application/json"
NDJSON = "application/x-ndjson"
Row = tuple[int, Mapping[str, Any]]

NOT_AN_OBJECT = "\x00not_an_object"
"""The one key of a row that was no JSON object: no schema knows it, so the row is refused by name and number."""


def media_type(request: Request) -> str:
    """The media type of a request, without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most `limit` bytes of it read, or a 413."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def read_json_rows(body: bytes, media: str, member: str, limit: int) -> list[Row]:
    """The rows of a body: one object, a list of objects, or an object whose `member` is the list; or NDJSON.

    A line of NDJSON that is no JSON object, like an item of a list that is none, becomes a row refused on its own.
    """
    rows = list(_ndjson(body)) if media == NDJSON else list(_json(body, media, member))
    if not rows:
        raise ProblemError(400, ProblemType.MALFORMED_BODY, "the body holds no row")
    if len(rows) > limit:
        detail = f"{len(rows)} rows in one request: send at most {limit}"
        raise ProblemError(413, ProblemType.TOO_MANY_ROWS, detail, limit=limit)
    return rows


def _json(body: bytes, media: str, member: str) -> Iterator[Row]:
    if media != JSON:
        detail = f"send {JSON} or {NDJSON}; a CSV or XLSX file goes to the uploads address"
        raise ProblemError(415, ProblemType.UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ProblemError(400, ProblemType.MALFORMED_BODY, f"the body is not JSON: {_where(error)}") from None
    if isinstance(value, dict) and isinstance(value.get(member), list):
        value = value[member]
    for number, item in enumerate(value if isinstance(value, list) else [value], start=1):
        yield number, _object(item)


def _ndjson(body: bytes) -> Iterator[Row]:
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, _object(from_json(line, allow_inf_nan=False))
        except ValueError:
            yield number, {NOT_AN_OBJECT: None}


def _object(item: Any) -> Mapping[str, Any]:
    # An empty string means absent, as in the One Touch Switch hub.
    if not isinstance(item, dict):
        return {NOT_AN_OBJECT: None}
    return {field: value for field, value in item.items() if value != "" and value is not None}


def _where(error: ValueError) -> str:
    """The parser's own word on where it stopped: it quotes at most the position, never the content."""
    text = str(error)
    position = text.rpartition(" at ")[2] if " at " in text else "at its start"
    return f"it breaks off at {position}"


def _too_large(limit: int) -> ProblemError:
    detail = f"the body is larger than {limit // (1024 * 1024)} MiB: send it in parts"
    return ProblemError(413, ProblemType.BODY_TOO_LARGE, detail, limit_bytes=limit)
