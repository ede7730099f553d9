from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from httpx import Response

from schemas.codes import Scope
from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from tests.support.http import problem_of

# A number that hostile requests carry: no answer may hold its digits.
TELLTALE = "01632 960777"

# A street that hostile requests carry: no answer may hold its name.
STREET = "Thistledown"

PROVOKED = frozenset(range(400, 500))
# A value with fewer characters may be in an answer by chance.
SHORTEST_VALUE = 6

_OWN_WORDS = frozenset({*MigrationNotice.model_fields, *RegisterEntry.model_fields, *Scope})
_PLAIN_WORD = re.compile(r"[A-Za-z_]+")


def named(rows: Iterable[tuple[Any, ...]]) -> list[ParameterSet]:
    """The first value of each row is the name of the test."""
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


def assert_refused(response: Response, status: int, kind: str) -> None:
    # The problem must repeat nothing that was sent.
    assert status in PROVOKED
    assert problem_of(response) == (status, kind)
    assert_silent(response)


def assert_silent(response: Response, *sent: Any) -> None:
    """Assert that the answer repeats no personal part of `sent`."""
    digits = re.sub(r"\D", "", response.text)
    assert "1632960777" not in digits
    assert STREET.lower() not in response.text.lower()
    for value in values_in(sent):
        if len(value) >= SHORTEST_VALUE and value not in _OWN_WORDS:
            assert value not in response.text
            assert json.dumps(value)[1:-1] not in response.text


def issues_of(answer: dict[str, Any], row: int) -> set[tuple[str, str]]:
    found = [issue for one in answer["rows_with_issues"] if one["row"] == row for issue in one["issues"]]
    assert all(issue["reason"] and issue["remedy"] for issue in found)
    return {(issue["field"], issue["code"]) for issue in found}


def outcomes_of(answer: dict[str, Any]) -> dict[int, str]:
    return {one["row"]: one["outcome"] for one in answer["rows_with_issues"]}


def values_in(sent: Any) -> Iterator[str]:
    if isinstance(sent, dict):
        for field, value in sent.items():
            if not _PLAIN_WORD.fullmatch(field):
                yield field
            yield from values_in(value)
    elif isinstance(sent, list | tuple):
        for value in sent:
            yield from values_in(value)
    elif sent is not None and not isinstance(sent, bool):
        yield str(sent)
