from __future__ import annotations

from typing import Any

import schemathesis

from services.web.problem_schemas import MEDIA_TYPE, TYPE_PREFIX
from services.web.problems import ProblemType

# The problem types that may answer 422 to a request that fits the published description.
BEYOND_THE_SCHEMA = frozenset(
    {
        ProblemType.NO_ROW_ACCEPTED,
        ProblemType.FILE_REFUSED,
        ProblemType.IDEMPOTENCY_MISMATCH,
        ProblemType.RECORD_FAULTY,
        ProblemType.INVALID_REQUEST,
    }
)


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    # Examples are texts, and generated bodies are already bytes.
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.check
def problems_are_of_the_documented_types(_context: Any, response: Any, _case: Any) -> None:
    # A header may occur several times, so schemathesis gives each header as a list.
    media = (response.headers.get("content-type") or [""])[0]
    if response.status_code < 400:
        assert media != MEDIA_TYPE
        return
    assert media == MEDIA_TYPE
    problem = response.json()
    prefix, kind = problem["type"][: len(TYPE_PREFIX)], ProblemType(problem["type"][len(TYPE_PREFIX) :])
    assert prefix == TYPE_PREFIX
    assert problem["status"] == response.status_code
    assert problem["detail"]
    if response.status_code == 422:
        assert kind in BEYOND_THE_SCHEMA


@schemathesis.check
def rows_that_are_not_kept_are_named(_context: Any, response: Any, _case: Any) -> None:
    if response.status_code not in (202, 422) or "rows_with_issues" not in response.json():
        return
    receipt = response.json()
    counted = receipt["counts"]["rejected"] + receipt["counts"]["accepted_with_warnings"]
    named = [row for row in receipt["rows_with_issues"] if row["outcome"] in ("rejected", "accepted_with_warnings")]
    # A receipt names at most 100 rows. The list at its Location has all of them.
    assert len(named) == min(counted, 100)
    assert all(issue["reason"] and issue["remedy"] for row in named for issue in row["issues"])
    assert all(row["issues"] for row in named)
