from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from services.web.json_keys import parsed_json, repeated_in
from services.web.problems import ProblemError, ProblemType

JSON = "application/json"
NDJSON = "application/x-ndjson"
# The number of a row in the body, from 1, and its fields.
Row = tuple[int, Mapping[str, Any]]

# The limit in bytes for a request with one object, not a batch [P]. It bounds memory: an act takes some 2 KiB.
SMALL_BODY = 64 * 1024

# The most digits of a declared size. A longer number exceeds every limit, and `int` raises an error beyond 4,300.
LONGEST_SIZE = 18

# Excel and Notepad write this mark at the start of UTF-8 files.
_BOM = b"\xef\xbb\xbf"
# Limits of objects and lists, of values, and of lines of NDJSON: a number for each row that a body may have, and a
# least limit for a whole body [P]. A register entry with every field has 3 lists and about 60 values.
_LISTS_A_ROW, _LEAST_LISTS = 32, 250_000
_VALUES_A_ROW, _LEAST_VALUES = 200, 1_000_000
_LINES_A_ROW, _LEAST_LINES = 10, 10_000
# The only key of a row that was no JSON object. No schema has this key, so the row is rejected, and only that row.
NOT_AN_OBJECT = "\x00not_an_object"
# The key of a row that has a key twice. Its value holds the names of such keys.
REPEATED_KEYS = "\x00repeated_keys"

# Byte order marks, and the first two bytes of JSON in an encoding of two bytes.
_TWO_BYTES = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"{\x00": "utf-16-le",
    b"[\x00": "utf-16-le",
    b"\x00{": "utf-16-be",
    b"\x00[": "utf-16-be",
}


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, limit: int) -> bytes:
    """Raises ProblemError 413 for more than `limit` bytes, and ProblemError 415 for a compressed body."""
    # A small compressed body could expand beyond every limit.
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        detail = "send the body as it is, without a Content-Encoding"
        raise ProblemError(415, ProblemType.UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept-Encoding": "identity"})
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > LONGEST_SIZE or int(declared) > limit):
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    # The declared size may be missing or wrong, so what arrives is counted too.
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


class SmallBodyRoute(APIRoute):
    """Answers 413 to a large body, and 415 to a body that is compressed or not declared as JSON."""

    limit: ClassVar[int] = SMALL_BODY

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            # The body is checked before the caller's API key.
            body = await read_body(request, self.limit)
            if body and media_type(request) != JSON:
                raise ProblemError(415, ProblemType.UNSUPPORTED_MEDIA_TYPE, f"send {JSON}")

            # The framework reads the body from here, because the stream is consumed.
            async def replay() -> dict[str, Any]:
                return {"type": "http.request", "body": body, "more_body": False}

            return await handle(Request(request.scope, replay))

        return bounded


def as_utf8(body: bytes) -> bytes:
    """Convert UTF-16 to UTF-8, and remove a byte order mark. Return any other body unchanged."""
    encoding = _TWO_BYTES.get(body[:2])
    if encoding is None:
        return body.removeprefix(_BOM)
    try:
        return body.decode(encoding).encode()
    except UnicodeError:
        return body


def read_json_rows(body: bytes, media: str, member: str, limit: int) -> list[Row]:
    """Raises ProblemError for a faulty body or too many rows."""
    # A row without an object gets the key NOT_AN_OBJECT.
    body = as_utf8(body)
    if media in (JSON, NDJSON):
        _check_size(body, limit)
    found = _ndjson(body, limit) if media == NDJSON else _json(body, media, member, limit)
    rows = list(islice(found, limit + 1))
    if not rows:
        raise ProblemError(400, ProblemType.MALFORMED_BODY, "the body holds no row")
    if len(rows) > limit:
        raise _too_many(limit)
    return rows


def _check_size(body: bytes, limit: int) -> None:
    # This comes before parsing: a list of three bytes takes a hundred bytes in memory. Signs inside texts count too,
    # but honest rows stay far below these numbers.
    if body.count(b"{") + body.count(b"[") > max(_LEAST_LISTS, limit * _LISTS_A_ROW):
        raise _too_many(limit, "more lists and objects in one request than {limit} rows need")
    if body.count(b",") > max(_LEAST_VALUES, limit * _VALUES_A_ROW):
        raise _too_many(limit, "more values in one request than {limit} rows need")


def _json(body: bytes, media: str, member: str, limit: int) -> Iterator[Row]:
    if media != JSON:
        detail = f"send {JSON} or {NDJSON}; a CSV or XLSX file goes to the uploads address"
        raise ProblemError(415, ProblemType.UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        # NaN and Infinity are not JSON, although some parsers accept them.
        value = parsed_json(body)
    except ValueError as error:
        # The parser's error is left out, because it may quote the content.
        raise ProblemError(400, ProblemType.MALFORMED_BODY, f"the body is not JSON: {_where(error)}") from None
    if isinstance(value, dict) and isinstance(value.get(member), list):
        if member in repeated_in(value):
            raise ProblemError(400, ProblemType.MALFORMED_BODY, f"the body has the key {member} twice: send one list")
        value = value[member]
    items = value if isinstance(value, list) else [value]
    if len(items) > limit:
        raise _too_many(limit)
    for number, item in enumerate(items, start=1):
        yield number, _object(item)


def _ndjson(body: bytes, limit: int) -> Iterator[Row]:
    # A stream shares the bytes, where a list of all lines would take many times their size.
    for number, line in enumerate(BytesIO(body), start=1):
        # A body of line breaks alone ends here too.
        if number > max(_LEAST_LINES, limit * _LINES_A_ROW):
            raise _too_many(limit)
        # Blank lines are counted, so that the number of a row is its line in the sender's file.
        if not line.strip():
            continue
        try:
            yield number, _object(parsed_json(line))
        except ValueError:
            yield number, {NOT_AN_OBJECT: None}


def _too_many(limit: int, what: str = "more than {limit} rows in one request") -> ProblemError:
    detail = f"{what.format(limit=limit)}: send at most {limit} rows"
    return ProblemError(413, ProblemType.TOO_MANY_ROWS, detail, limit=limit)


def _object(item: Any) -> Mapping[str, Any]:
    # An empty string means absent, as in the One Touch Switch hub.
    if not isinstance(item, dict):
        return {NOT_AN_OBJECT: None}
    if repeated := repeated_in(item):
        return {REPEATED_KEYS: repeated, **{key: item[key] for key in item if key not in repeated}}
    return {field: value for field, value in item.items() if value != "" and value is not None}


def _where(error: ValueError) -> str:
    # Keeps only the position from the parser's message, never the content.
    text = str(error)
    position = text.rpartition(" at ")[2] if " at " in text else "at its start"
    return f"it breaks off at {position}"


def _too_large(limit: int) -> ProblemError:
    size = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
    detail = f"the body is larger than {size}: send it in parts"
    return ProblemError(413, ProblemType.BODY_TOO_LARGE, detail, limit_bytes=limit)
