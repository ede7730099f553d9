from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.support.http import Api

# The signs of a token (RFC 9110, 5.6.2): what a server accepts as a method.
TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
KNOWN = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def logged_method(api: Api, method: str) -> object:
    with capture_logs() as lines:
        api.ask(None, method, "/livez")
    return next(line["method"] for line in lines if line["event"] == "request")


@pytest.mark.parametrize("method", ["01632960123", "CALL-01632-960123", "ASHA_PATEL", "JUMP"])
def test_a_word_that_the_caller_made_up_is_logged_as_other(api: Api, method: str) -> None:
    assert logged_method(api, method) == "other"


@pytest.mark.parametrize("method", sorted(KNOWN))
def test_a_method_of_the_list_is_logged_as_it_is(api: Api, method: str) -> None:
    assert logged_method(api, method) == method


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(TOKEN, min_size=1, max_size=30))
def test_no_word_outside_the_list_reaches_the_log(api: Api, method: str) -> None:
    assert logged_method(api, method) in KNOWN | {"other"}
