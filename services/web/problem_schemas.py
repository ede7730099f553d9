from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:pullcord:problem:"


class Problem(BaseModel):
    """The body of every error answer (RFC 9457).

    Clients should distinguish errors by `type`. The texts `title` and `detail` may change.
    """

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    # Identifies this one occurrence: a URN that ends with the id of the request.
    instance: str
    request_id: str


class Fault(BaseModel):
    """A faulty parameter, header or field, and the reason."""

    field: str
    reason: str


class InvalidRequestProblem(Problem):
    """A request with faults. `faults` is empty if no single field or row is at fault."""

    type: Literal[
        "urn:pullcord:problem:invalid-request",
        "urn:pullcord:problem:record-faulty",
        "urn:pullcord:problem:idempotency-mismatch",
    ]
    faults: list[Fault] = Field(default_factory=list)


class TooLargeProblem(Problem):
    """A request that is too large. Clients should send the content in several requests."""

    limit_bytes: int | None = None
    # The most rows in one request.
    limit: int | None = None


class FileRefusedProblem(Problem):
    """A file that cannot be read as a table. Nothing of the file was stored."""

    type: Literal["urn:pullcord:problem:file-refused"]
    code: str
    reason: str
    remedy: str


class ReplacementTooLargeProblem(Problem):
    """A file that would withdraw `would_withdraw` entries. Nothing was stored. A person must confirm this number."""

    type: Literal["urn:pullcord:problem:replacement-too-large"]
    would_withdraw: int
    live_entries: int


class CasesLaterProblem(Problem):
    """A policy that would delay messages about open cases. A person must first confirm the number `later`."""

    type: Literal["urn:pullcord:problem:cases-later"]
    later: int
    # The number of open cases that would be heard sooner.
    sooner: int


class VersionChangedProblem(Problem):
    """A policy that somebody else has changed. `version` is the present version."""

    type: Literal["urn:pullcord:problem:version-changed"]
    version: int


class ActRefusedProblem(Problem):
    """An event that people do not record by hand, or an act that the case does not allow now.

    `acts` lists all acts that people can record, including acts that this case does not allow now.
    """

    type: Literal["urn:pullcord:problem:act-refused"]
    acts: list[str]


def problem_models(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield base
    for below in base.__subclasses__():
        yield from problem_models(below)
