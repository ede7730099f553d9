from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.runtime.embedded.runner import EmbeddedRunner
from services.storage.store import Store
from services.storage.tables import notices, submissions
from tests.support.deployment import Deployment
from tests.support.http import (
    ENTRIES,
    ENTRY,
    NOTICE,
    NOTICE_UPLOADS,
    NOTICES,
    Api,
    make_api_parts,
    open_api,
    problem_of,
)
from tests.support.ledger import rows

KEYED = {"Idempotency-Key": "once"}
AGAIN = "what you sent may or may not have been taken in. Send it again with the same Idempotency-Key"
LOOK = "what you sent may or may not have been taken in. Look at what is on record before you send it again"
NOTHING = "nothing was changed. Ask again"

AWAY = OperationalError("", None, Exception("database is locked"))
PASSING = (AWAY, PoolTimeoutError())
LASTING = (RuntimeError(), OSError(28, "No space left on device"), MemoryError(), ValueError())


class Silent(EmbeddedRunner):
    def start(self) -> None: ...

    def stop(self, timeout: float = 20.0) -> bool:
        return True


# An internal error becomes an error answer, not an exception in the test.
@dataclass
class Reception:
    api: Api
    runner: EmbeddedRunner

    def ask(self, who: str | None, method: str, path: str, **sent: Any) -> Response:
        return self.api.ask(who, method, path, **sent)

    def post(self, name: str = "n1", key: str = "once") -> Response:
        return self.ask("raven", "POST", NOTICES, json={**NOTICE, "id": name}, headers={"Idempotency-Key": key})

    def taken_in(self) -> tuple[int, int]:
        """Return the number of stored submissions of notices, and the number of stored notices."""
        of_notices = [row for row in rows(self.api.deployment, submissions) if row.kind == "notice"]
        return len(of_notices), len(rows(self.api.deployment, notices))


@pytest.fixture
def reception(deployment: Deployment) -> Iterator[Reception]:
    parts = make_api_parts(deployment)
    runner = Silent(parts)
    with open_api(deployment, runner, parts) as api:
        transport = ASGITransport(api.app, raise_app_exceptions=False)
        api.client = AsyncClient(transport=transport, base_url="https://pullcord.example")
        yield Reception(api, runner)
        api.portal.call(api.client.aclose)


@contextmanager
def failing(fault: BaseException, *, after: bool) -> Iterator[None]:
    # A transaction fails before it has done anything, or after its commit if `after` is True.
    writing = Store.writing

    @contextmanager
    def broken(store: Store) -> Iterator[Connection]:
        if not after:
            raise fault.with_traceback(None)
        with writing(store) as connection:
            yield connection
        raise fault.with_traceback(None)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Store, "writing", broken)
        yield


def said(answer: Response) -> tuple[int, str, str]:
    return *problem_of(answer), answer.json()["detail"]


def test_a_database_that_is_away_before_the_commit_is_a_503_and_the_next_try_is_taken_in(reception: Reception) -> None:
    for fault in PASSING:
        with failing(fault, after=False):
            answer = reception.post()
        status, kind, detail = said(answer)
        assert (status, kind) == (503, "unavailable")
        assert detail.startswith(f"the database is away or busy; {AGAIN}")
        assert answer.headers["Retry-After"] == "10"
        assert reception.taken_in() == (0, 0)
    answer = reception.post()
    assert (answer.status_code, answer.json()["repeated"]) == (202, False)
    assert reception.taken_in() == (1, 1)


def test_a_fault_of_ours_before_the_commit_is_a_500_and_the_next_try_is_taken_in(reception: Reception) -> None:
    for fault in LASTING:
        with failing(fault, after=False):
            status, kind, detail = said(reception.post())
        assert (status, kind) == (500, "internal")
        assert detail.startswith(f"something went wrong on our side; {AGAIN}")
        assert reception.taken_in() == (0, 0)
    assert reception.post().status_code == 202


@pytest.mark.parametrize("fault", [*PASSING, *LASTING], ids=lambda fault: type(fault).__name__)
def test_a_commit_whose_word_was_lost_has_its_receipt_when_it_is_sent_again(
    reception: Reception, fault: BaseException
) -> None:
    with failing(fault, after=True):
        cut_off = reception.post()
    assert AGAIN in said(cut_off)[2]
    assert "nothing was" not in cut_off.text.lower()
    again = reception.post()
    assert (again.status_code, again.json()["repeated"]) == (202, True)
    assert again.json()["counts"]["accepted"] == 1
    assert reception.taken_in() == (1, 1)


def test_an_answer_to_a_request_without_a_key_names_none(reception: Reception) -> None:
    case, alert, _ = reception.api.alerted_case()
    acts = (
        ("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", {"by": "Asha Patel"}),
        ("blackpool", "POST", f"/v1/cases/{case}/events", {"event": "decline", "record": {"by": "Asha Patel"}}),
        ("raven", "POST", NOTICES, NOTICE),
        ("blackpool", "PUT", ENTRIES, ENTRY),
    )
    for who, method, path, body in acts:
        with failing(AWAY, after=False):
            status, _, detail = said(reception.ask(who, method, path, json=body))
        assert (status, detail) == (503, f"the database is away or busy; {LOOK}"), path


def test_a_question_that_could_not_be_answered_has_changed_nothing(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault, status, why in ((AWAY, 503, "the database is away or busy"), (OSError(), 500, "something went wrong")):

        def broken(*_: Any, fault: BaseException = fault) -> Any:
            raise fault.with_traceback(None)

        with monkeypatch.context() as patched:
            patched.setattr(Store, "reading", broken)
            answer = reception.ask("blackpool", "GET", "/v1/cases")
        assert answer.status_code == status
        assert answer.json()["detail"].startswith(why)
        assert answer.json()["detail"].endswith(NOTHING)


# The work after the commit of a submission, with a function that breaks each part of it.
AFTERWARDS: dict[str, Callable[[pytest.MonkeyPatch, Reception, Callable[..., Any]], None]] = {
    "the count of submissions": lambda patch, _, broken: patch.setattr(
        "services.ingest.requests.count_submission", broken
    ),
    "the waking of the loops": lambda patch, reception, broken: patch.setattr(reception.runner, "wake", broken),
    "the count of requests": lambda patch, _, broken: patch.setattr("services.runtime.app.count_request", broken),
    "the log": lambda patch, _, broken: patch.setattr("services.runtime.app.log", broken_log(broken)),
}


def broken_log(broken: Callable[..., Any]) -> Any:
    return type("Log", (), {level: staticmethod(broken) for level in ("debug", "info", "warning", "error")})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    places=st.sets(st.sampled_from(sorted(AFTERWARDS)), min_size=1),
    fault=st.sampled_from([*PASSING, *LASTING, RecursionError(), BrokenPipeError()]),
    number=st.integers(0, 10**6),
)
def test_nothing_that_fails_after_the_commit_changes_the_answer(
    reception: Reception, places: set[str], fault: Exception, number: int
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise fault.with_traceback(None)

    before = reception.taken_in()[0]
    with pytest.MonkeyPatch.context() as patched:
        for place in places:
            AFTERWARDS[place](patched, reception, broken)
        first, again = (reception.post(f"n{number}", f"k{before}") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
    assert again.json()["submission"] == first.json()["submission"]
    assert first.headers["Location"] == again.headers["Location"] == f"/v1/submissions/{first.json()['submission']}"
    assert reception.taken_in()[0] == before + 1


@pytest.mark.parametrize("place", sorted(AFTERWARDS))
def test_a_file_and_a_withdrawal_are_answered_as_they_were_taken_in(reception: Reception, place: str) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    reception.api.deployment.put_entries(ENTRY)
    with pytest.MonkeyPatch.context() as patched:
        AFTERWARDS[place](patched, reception, broken)
        sheet = "id,cli,planned_migration_date\nn1,01632 960123,2026-12-03\n"
        headers = {"Content-Type": "text/csv", **KEYED}
        file = reception.ask("raven", "POST", NOTICE_UPLOADS, content=sheet, headers=headers)
        gone = reception.ask("blackpool", "DELETE", f"{ENTRIES}/e1")
    assert (file.status_code, gone.status_code) == (202, 204)
    assert reception.taken_in() == (1, 1)


def test_a_log_that_raises_changes_no_refusal(reception: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise BrokenPipeError

    monkeypatch.setattr("services.runtime.app.log", broken_log(broken))
    assert reception.ask(None, "GET", "/v1/cases").status_code == 401
    assert reception.ask("raven", "POST", NOTICES, json=[]).status_code == 400
