from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
from jsonschema import Draft202012Validator, ValidationError

from tests.support.servers.over_http.local_server import LocalHandler, LocalServer
from tests.support.servers.over_http.notify_schemas import CALLBACK, SEARCH, SENDING

SERVICE, SECRET = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
TEMPLATE = "00000000-0000-4000-8000-000000000003"
KEY = f"duty desks-{SERVICE}-{SECRET}"
TOKEN_SECONDS = 30  # a token made earlier or later is refused
PREFIX = "/v2/notifications"

# Answers a request in place of the usual answer. If the fault accepts the message, it first calls `accept`.
Fault = Callable[["NotifyHandler"], None]


class NotifyServer(LocalServer):
    def __init__(self) -> None:
        super().__init__(NotifyHandler)
        self.accepted: list[dict[str, Any]] = []
        self.sending_faults: deque[Fault] = deque()
        self.search_faults: deque[Fault] = deque()
        self.complaints: list[str] = []  # what was wrong with requests
        self.status = "created"  # the status of the messages in the answer to a search
        self.searches = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def moment_of(minutes: int) -> str:
    """Return 09:00 UTC on 2 November 2026 plus some minutes, in the format of GOV.UK Notify."""
    return (datetime(2026, 11, 2, 9, tzinfo=UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def callback_of(message: dict[str, Any], status: str, minutes: int = 1) -> dict[str, Any]:
    recipient = message["body"].get("phone_number") or message["body"].get("email_address")
    body = {
        "id": message["id"],
        "reference": message["reference"],
        "to": recipient,
        "status": status,
        "created_at": message["created_at"],
        "completed_at": moment_of(minutes),
        "sent_at": moment_of(0),
        "notification_type": message["type"],
        "template_id": message["body"]["template_id"],
        "template_version": 1,
    }
    Draft202012Validator(CALLBACK).validate(body)
    return body


class NotifyHandler(LocalHandler):
    server: NotifyServer
    body: dict[str, Any]

    def do_GET(self) -> None:  # noqa: N802
        query = parse_qs(urlsplit(self.path).query)
        self.server.searches += 1
        if not self._is_allowed() or not self._fits(query, SEARCH):
            return
        if self.server.search_faults:
            self.server.search_faults.popleft()(self)
            return
        self.list_messages(
            [one for one in self.server.accepted if query.get("reference") in (None, [one["reference"]])]
        )

    def do_POST(self) -> None:  # noqa: N802
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.kind = urlsplit(self.path).path.removeprefix(f"{PREFIX}/")
        if not self._is_allowed() or not self._fits(self.body, SENDING[self.kind]):
            return
        if self.server.sending_faults:
            self.server.sending_faults.popleft()(self)
            return
        self.answer_json(201, self.accept())

    def accept(self) -> dict[str, Any]:
        message = {
            "id": str(uuid4()),
            "reference": self.body.get("reference"),
            "type": self.kind,
            "body": self.body,
            "created_at": moment_of(0),
            "sent_at": None,
            "completed_at": None,
        }
        self.server.accepted.append(message)
        template = {"id": self.body["template_id"], "version": 1, "uri": f"{self.server.url}/template"}
        uri = f"{self.server.url}{PREFIX}/{message['id']}"
        content = {"body": self.body["personalisation"]["body"]}
        return {**message, "body": None, "content": content, "template": template, "uri": uri, "scheduled_for": None}

    def list_messages(self, messages: list[dict[str, Any]]) -> None:
        listed = [{**one, "status": one.get("status", self.server.status)} for one in messages]
        self.answer_json(200, {"notifications": listed, "links": {"current": self.server.url}})

    def refuse(self, status: int, kind: str, **headers: str) -> None:
        # The text of a real error may repeat the recipient.
        error = {"error": kind, "message": f"{kind}: {json.dumps(getattr(self, 'body', None))}"}
        self.answer_json(status, {"status_code": status, "errors": [error]}, **headers)

    def answer_json(self, status: int, answer: dict[str, Any], **headers: str) -> None:
        self.answer(status, json.dumps(answer).encode(), Content_Type="application/json", **headers)

    def _is_allowed(self) -> bool:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"require": ["iss", "iat"]})
        except jwt.InvalidTokenError as error:
            return self._complain(403, "AuthError", repr(error))
        if scheme != "Bearer" or claims["iss"] != SERVICE or abs(claims["iat"] - time.time()) > TOKEN_SECONDS:
            return self._complain(403, "AuthError", "claims")
        return True

    def _fits(self, given: dict[str, Any], schema: dict[str, Any]) -> bool:
        try:
            Draft202012Validator(schema).validate(given)
        except ValidationError as error:
            return self._complain(400, "ValidationError", error.message)
        return True

    def _complain(self, status: int, kind: str, remark: str) -> bool:
        self.server.complaints.append(remark)
        self.refuse(status, kind)
        return False
