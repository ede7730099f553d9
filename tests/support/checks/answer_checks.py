"""A check of our own for schemathesis: what no schema can state, every answer keeps to all the same.

JSON Schema cannot say what makes a person's name, or that a row has a place to look for. So the served description
is wider than what is taken, and rows of which only a part is sound are kept: both are answered row by row or field by
field.
"""

from __future__ import annotations

from typing import Any

import schemathesis

from services.web.problems import MEDIA_TYPE, TYPE_PREFIX, ProblemType

# The types that may answer 422 to a request that fits the description.
BEYOND_THE_SCHEMA = frozenset(
    {
        ProblemType.NO_ROW_ACCEPTED,
        ProblemType.FILE_REFUSED,
        ProblemType.IDEMPOTENCY_MISMATCH,
        ProblemType.RECORD_FAULTY,
        ProblemType.INVALID_REQUEST,
    }
)


@schemathesis.check
def problems_are_of_the_documented_types(_context: Any, response: Any, _case: Any) -> None:
    """Every answer that is no success is a problem of a type that is documented, and no success is one."""
    # A header may come several times: schemathesis gives each as a list.
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
    """A receipt that counts rows as refused or kept with warnings names them, with reason and remedy."""
    if response.status_code not in (202, 422) or "rows_with_issues" not in response.json():
        return
    receipt = response.json()
    counted = receipt["counts"]["rejected"] + receipt["counts"]["accepted_with_warnings"]
    named = [row for row in receipt["rows_with_issues"] if row["outcome"] in ("rejected", "accepted_with_warnings")]
    # A receipt names at most 100 rows; all of them are behind its Location.
    assert len(named) == min(counted, 100)
    assert all(issue["reason"] and issue["remedy"] for row in named for issue in row["issues"])
    assert all(row["issues"] for row in named)
