from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from services.core.errors import PullcordError, TooOftenError
from services.storage.database.faults import DatabaseFault, fault_of
from services.web.problem_schemas import MEDIA_TYPE, TYPE_PREFIX, InvalidRequestProblem, Problem, TooLargeProblem
from services.web.request_ids import HEADER, INSTANCE_PREFIX, current_request_id

log = structlog.get_logger()


# The status that web servers note for a client that hung up before its request was complete.
CLIENT_LEFT = 499

# Seconds until a sender may repeat a request that the database could not take.
RETRY_AFTER_SECONDS = "10"

# Seconds until refused and repeated requests are recorded again. In this time, some of the requests become older than
# an hour.
_LATER_SECONDS = "600"

# What an answer says after a fault on our side. The database may have committed the request.
ASKED = "nothing was changed. Ask again"
KEYED = (
    "what you sent may or may not have been taken in. "
    "Send it again with the same Idempotency-Key: that never takes anything in twice"
)
UNKEYED = "what you sent may or may not have been taken in. Look at what is on record before you send it again"


class ProblemType(StrEnum):
    """Clients depend on these types. See docs/reference/problems.md."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    INVALID_REQUEST = "invalid-request"
    MALFORMED_BODY = "malformed-body"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    BODY_TOO_LARGE = "body-too-large"
    TOO_MANY_ROWS = "too-many-rows"
    REQUEST_TIMEOUT = "request-timeout"
    TOO_MANY_REQUESTS = "too-many-requests"
    NO_ROW_ACCEPTED = "no-row-accepted"
    FILE_REFUSED = "file-refused"
    IDEMPOTENCY_MISMATCH = "idempotency-mismatch"
    REPLACEMENT_TOO_LARGE = "replacement-too-large"
    CASES_LATER = "cases-later"
    VERSION_CHANGED = "version-changed"
    ACT_REFUSED = "act-refused"
    RECORD_FAULTY = "record-faulty"
    DRILL_REFUSED = "drill-refused"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class ProblemError(PullcordError):
    def __init__(
        self,
        status: int,
        type_: ProblemType,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.type = type_
        self.headers = dict(headers or {})
        self.extra = extra


def problem_response(error: ProblemError) -> JSONResponse:
    # The path would be the usual `instance`, but it may hold somebody's reference.
    request_id = current_request_id() or "unknown"
    body = {
        "type": TYPE_PREFIX + error.type,
        "title": error.type.replace("-", " ").capitalize(),
        "status": error.status,
        "detail": str(error),
        "instance": INSTANCE_PREFIX + request_id,
        "request_id": request_id,
        **error.extra,
    }
    # Errors depend on the caller's key, so no proxy may keep them.
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", HEADER: request_id, **error.headers}
    return JSONResponse(body, error.status, headers=headers, media_type=MEDIA_TYPE)


def answers(*statuses: int, further: Sequence[tuple[int, type[Problem]]] = ()) -> dict[int | str, dict[str, Any]]:
    # A body that is too large may also be too slow.
    slow = {HTTPStatus.REQUEST_TIMEOUT.value} if HTTPStatus.REQUEST_ENTITY_TOO_LARGE in statuses else ()
    every = sorted({*statuses, *slow, *_OF_EVERY_ROUTE, *(status for status, _ in further)})
    return {status: _described(status, [model for of, model in further if of == status]) for status in every}


# A key is missing or not allowed, a query parameter is unknown, a key is used too often, or the database is away.
_OF_EVERY_ROUTE = (401, 403, 422, 429, 500, 503)
_USUAL: Mapping[int, type[Problem]] = {413: TooLargeProblem, 422: InvalidRequestProblem}


def _described(status: int, models: Sequence[type[Problem]]) -> dict[str, Any]:
    usual = () if status == HTTPStatus.CONFLICT and models else (_USUAL.get(status, Problem),)
    # The special models come first, because a client takes the first model that fits.
    named = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in (*models, *usual)]
    schema = named[0] if len(named) == 1 else {"anyOf": named}
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}


def install(app: FastAPI) -> None:
    app.add_exception_handler(ProblemError, _of_problem)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(ClientDisconnect, _of_a_client_that_left)
    app.add_exception_handler(TooOftenError, _of_too_often)
    app.add_exception_handler(SQLAlchemyError, _of_the_database)
    app.add_exception_handler(Exception, _of_anything)


_TYPES = {
    400: ProblemType.MALFORMED_BODY,
    401: ProblemType.UNAUTHENTICATED,
    403: ProblemType.FORBIDDEN,
    404: ProblemType.NOT_FOUND,
    405: ProblemType.METHOD_NOT_ALLOWED,
}

# Faults in one answer [P].
_FAULTS_SHOWN = 100
# Parts of a field's path that an answer may repeat: names and positions, never a possible value.
_SHOWN_FIELD = re.compile(r"[A-Za-z_-]{1,60}|[0-9]{1,4}")


def _of_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this type only
    return problem_response(error)


def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    type_ = _TYPES.get(error.status_code, ProblemType.INVALID_REQUEST)
    headers = {**(error.headers or {}), **_allowed(request, error.status_code)}
    return problem_response(ProblemError(error.status_code, type_, str(error.detail), headers=headers))


def _allowed(request: Request, status: int) -> dict[str, str]:
    # The framework names the methods of one route alone, and an address may have several.
    path = getattr(request.scope.get("route"), "path", None)
    described = request.app.openapi()["paths"].get(path) if status == HTTPStatus.METHOD_NOT_ALLOWED else None
    return {"Allow": ", ".join(method.upper() for method in described)} if described else {}


def too_often(error: Exception, **extra: Any) -> ProblemError:
    headers = {"Retry-After": _LATER_SECONDS}
    return ProblemError(429, ProblemType.TOO_MANY_REQUESTS, str(error), headers=headers, **extra)


def _of_too_often(_request: Request, error: Exception) -> JSONResponse:
    return problem_response(too_often(error))


def _of_validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    if any(fault["type"] == "json_invalid" for fault in error.errors()):
        return problem_response(ProblemError(400, ProblemType.MALFORMED_BODY, "the body is not JSON"))
    # Only place and reason: pydantic's errors also hold the input.
    faults = [{"field": shown_field(fault["loc"]), "reason": fault["msg"]} for fault in error.errors()]
    detail = "the request is not of the form this address takes: see `faults`"
    return problem_response(ProblemError(422, ProblemType.INVALID_REQUEST, detail, faults=capped_faults(faults)))


def capped_faults(faults: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the first `_FAULTS_SHOWN` faults. If there are more, add an item that counts the faults left out."""
    left = len(faults) - _FAULTS_SHOWN
    return [*faults[:_FAULTS_SHOWN], {"field": "body", "reason": f"And {left:,} more."}] if left > 0 else faults


def shown_field(location: Sequence[int | str]) -> str:
    """Return a path such as `body.cases.3`, without any data of the sender."""
    parts = map(str, location)
    return ".".join(part if _SHOWN_FIELD.fullmatch(part) else "(unknown field)" for part in parts) or "body"


_AWAY = dict.fromkeys(
    (DatabaseFault.AWAY, DatabaseFault.BUSY, DatabaseFault.OTHER_SCHEMA), "the database is away or busy"
)


def _known(request: Request) -> str:
    # Reading changes nothing, so it is safe to ask again.
    if request.method in ("GET", "HEAD"):
        return ASKED
    return KEYED if "Idempotency-Key" in request.headers else UNKEYED


def _of_a_client_that_left(_request: Request, _error: Exception) -> Response:
    # Nobody reads this answer. Its status keeps the request out of the errors on our side.
    return Response(status_code=CLIENT_LEFT)


def _of_the_database(request: Request, error: Exception) -> JSONResponse:
    fault = fault_of(error)
    if fault is None or not fault.may_pass:
        raise error
    # Only the kind of error is logged, because its text may hold the SQL statement and the values in it.
    log.warning("database_not_reached", error=f"{type(error).__name__}: the database {fault}")
    detail = f"{_AWAY.get(fault, f'the database {fault}')}; {_known(request)}"
    headers = {"Retry-After": RETRY_AFTER_SECONDS}
    return problem_response(ProblemError(503, ProblemType.UNAVAILABLE, detail, headers=headers))


def _of_anything(request: Request, _error: Exception) -> JSONResponse:
    detail = f"something went wrong on our side; {_known(request)}"
    return problem_response(ProblemError(500, ProblemType.INTERNAL, detail))
