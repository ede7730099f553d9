from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.logged import captured_log

SAID = logging.getLogger("a_library")


class Wrapper:
    """Imitates a library that puts its own name before each message."""

    def error(self, message: str, *values: object) -> None:
        SAID.error("[^-Wrapper]: " + message, *values)


def with_placeholders(value: str) -> None:
    SAID.error("the broker at %s did not answer", value)


def with_an_f_string(value: str) -> None:
    SAID.error(f"the broker did not answer in time: {value}")


def by_a_wrapper(value: str) -> None:
    Wrapper().error("the broker at %r did not answer", value)


def over_several_lines(value: str) -> None:
    SAID.error("the broker did not answer\n  to %s", value)


def with_the_error(value: str) -> None:
    try:
        int(value[:2] + "x")
    except ValueError:
        SAID.exception("the broker did not answer")


def with_nothing_but_the_value(value: str) -> None:
    SAID.error(value)


def with_an_object(value: str) -> None:
    SAID.error(LookupError(value))


SAYING: dict[Callable[[str], None], str | None] = {
    with_placeholders: "the broker at %s did not answer",
    with_an_f_string: "the broker did not answer in time:",
    by_a_wrapper: "the broker at %r did not answer",
    over_several_lines: "the broker did not answer to %s",
    with_the_error: "the broker did not answer",
    with_nothing_but_the_value: None,
    with_an_object: None,
}


def said(say: Callable[[str], None], value: str) -> tuple[str, dict[str, Any]]:
    with captured_log("relay") as log:
        say(value)
    return log.getvalue(), json.loads(log.getvalue())


@pytest.mark.parametrize("say", SAYING, ids=lambda say: say.__name__)
def test_the_words_of_the_library_are_logged_without_the_value(say: Callable[[str], None]) -> None:
    text, line = said(say, f"01632 {960123}")
    assert line["reason"] == SAYING[say]
    assert (line["event"], line["consumer"], line["role"]) == ("library_warning", "a_library", "relay")
    assert "960123" not in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    value=st.text(st.characters(codec="utf-8"), min_size=4, max_size=60).map(lambda text: f"{text}9601{len(text)}23"),
    say=st.sampled_from(list(SAYING)),
)
def test_whatever_the_value_is_it_is_not_in_the_log(value: str, say: Callable[[str], None]) -> None:
    _, line = said(say, value)
    assert line["reason"] == SAYING[say]


def test_a_library_that_repeats_itself_is_heard_once() -> None:
    with captured_log("relay") as log:
        for _ in range(3):
            with_placeholders("x")
    assert log.getvalue().count("\n") == 1


def test_at_a_terminal_neither_role_nor_version_is_said() -> None:
    with captured_log("command", pretty=True) as log:
        with_placeholders("x")
    assert "role" not in log.getvalue()
    assert "did not answer" in log.getvalue()
