from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from services.runtime.logs import ALLOWED, only_allowed
from tests.support.checks.source import calls, imports, modules, name_of

LEVELS = frozenset(["debug", "info", "warning", "error", "critical", "exception", "log"])
EVENT = re.compile(r"[a-z]+(_[a-z]+)*")
SPEAKING = [path for path in modules("services") if "structlog" in path.read_text()]
NEVER = re.compile(r"cli|number|phone|uprn|postcode|name|street|town|key|token|sealed|body|text|message|url|path")


def log_calls(path: Path) -> list[ast.Call]:
    return [
        call
        for _, call in calls(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS and _is_logger(call.func.value)
    ]


def _is_logger(node: ast.expr) -> bool:
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_logger"
    return made or (isinstance(node, ast.Name) and node.id == "log")


def test_there_are_events_to_look_at() -> None:
    assert sum(len(log_calls(path)) for path in SPEAKING) >= 5


@pytest.mark.parametrize("path", SPEAKING, ids=name_of)
def test_an_event_has_a_static_name_and_allowed_fields(path: Path) -> None:
    for call in log_calls(path):
        (event,) = call.args
        assert isinstance(event, ast.Constant), f"line {call.lineno}"
        assert EVENT.fullmatch(str(event.value)), f"line {call.lineno}"
        fields = {keyword.arg for keyword in call.keywords}
        assert fields <= ALLOWED, f"line {call.lineno}"


def test_the_standard_logger_is_only_used_for_what_libraries_say() -> None:
    using = {name_of(path) for path in modules("services") if "logging" in {*imports(path)}}
    assert using == {
        "services/runtime/logs.py",
        "services/alerts/delivery/channels/library.py",
        "services/runtime/kafka/brokers/admin_client.py",
    }


def test_the_list_holds_no_field_that_could_name_somebody() -> None:
    assert [field for field in sorted(ALLOWED) if NEVER.search(field)] == []


def test_a_field_that_is_not_on_the_list_is_dropped_before_it_is_written() -> None:
    line = {"event": "request", "status": 202, "cli": "01632 960123"}
    assert only_allowed(None, "info", line) == {"event": "request", "status": 202}
