from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any
from uuid import UUID

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.web.request_ids import request_id_of
from tests.support.http import NOTICE, NOTICES, Api
from tests.support.logged import captured_log

OWN = "0e1f6f2a-9f0b-4b7e-8a55-0c8f2f6d4d10"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
WELL_FORMED = [OWN, OWN.upper(), TRACE, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "1-67891233-abcdef012345678912345678"]
ILL_FORMED = [
    "",
    "01632 960123",
    "01632960123",
    "Asha-Patel",
    "12 Tower Road",
    f"{OWN}; x",
    OWN + "\n",
    OWN[:-1],
    "x" * 5_000,
    "0" * 31,
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with captured_log("serve") as spoken:
        yield spoken


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize("own", WELL_FORMED)
def test_a_well_formed_id_of_the_caller_is_kept(api: Api, own: str) -> None:
    answer = api.ask("raven", "POST", NOTICES, json=NOTICE, headers={"X-Request-Id": own})
    assert answer.headers["X-Request-Id"] == own


def test_the_trace_of_the_caller_is_the_id_where_it_has_no_other(api: Api) -> None:
    trace = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    assert api.ask(None, "GET", "/livez", headers=trace).headers["X-Request-Id"] == TRACE
    both = {**trace, "X-Request-Id": OWN}
    assert api.ask(None, "GET", "/livez", headers=both).headers["X-Request-Id"] == OWN


@pytest.mark.parametrize(
    "trace",
    [
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        TRACE,
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
    ],
)
def test_a_trace_that_is_not_well_formed_is_no_id(trace: str) -> None:
    assert request_id_of(Headers({"traceparent": trace}), lambda: "made") == "made"


@pytest.mark.parametrize("own", [text for text in ILL_FORMED if "\n" not in text])
def test_any_other_text_is_replaced_and_is_in_no_answer(api: Api, own: str) -> None:
    answer = api.ask("raven", "GET", "/v1/nothing", headers={"X-Request-Id": own})
    UUID(answer.headers["X-Request-Id"])
    assert not own or own not in answer.text


@given(st.one_of(st.text(max_size=80), st.from_regex(r"[0-9 +()-]{5,40}", fullmatch=True), st.sampled_from(ILL_FORMED)))
@settings(max_examples=300)
def test_no_text_but_an_id_becomes_one(own: str) -> None:
    if not re.fullmatch(r"[0-9a-fA-F-]{32,36}|[0-9A-Za-z]{26}", own.strip()):
        headers = Headers(raw=[(b"x-request-id", own.encode("utf-8", "replace"))])
        assert request_id_of(headers, lambda: "made") == "made"


def test_two_requests_have_two_ids(api: Api) -> None:
    first, second = (api.ask(None, "GET", "/livez").headers["X-Request-Id"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [
        (None, "GET", "/v1/cases"),
        ("raven", "GET", "/v1/cases"),
        ("blackpool", "GET", "/v1/cases/C-0000-0000"),
        ("blackpool", "PATCH", "/v1/cases"),
        ("blackpool", "GET", "/v1/cases?limit=0"),
        ("raven", "POST", NOTICES),
        (None, "GET", "/01632960123"),
    ],
)
def test_a_problem_names_its_request_and_repeats_no_path(api: Api, who: str | None, method: str, path: str) -> None:
    answer = api.ask(who, method, path, headers={"X-Request-Id": OWN})
    assert answer.status_code >= 400
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"] == OWN
    assert answer.json()["instance"] == f"urn:pullcord:request:{OWN}"
    assert path not in answer.text


def test_each_line_of_the_log_has_the_request_the_role_and_the_version(api: Api, log: io.StringIO) -> None:
    api.ask("raven", "POST", NOTICES, json=NOTICE, headers={"X-Request-Id": OWN})
    (line,) = [line for line in lines(log) if line["event"] == "request"]
    assert (line["request_id"], line["role"], line["version"]) == (OWN, "serve", version("pullcord"))


def test_the_log_of_one_request_never_has_the_id_of_another(api: Api, log: io.StringIO) -> None:
    ids = [str(UUID(int=number)) for number in range(1, 6)]
    for own in ids:
        api.ask(None, "GET", "/livez", headers={"X-Request-Id": own})
    assert [line["request_id"] for line in lines(log) if line["event"] == "request"] == ids
    structlog.get_logger().info("serving")
    assert "request_id" not in lines(log)[-1]
