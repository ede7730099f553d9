from __future__ import annotations

from collections.abc import Iterator
from itertools import count as numbers

import pytest
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from services.storage.database.engine import make_engine
from services.storage.events.outbox import count_unpublished
from services.storage.tables import notices, register_entries
from tests.support.deployment import Deployment
from tests.support.http import ENTRIES, NOTICE, NOTICES, Api, open_api, problem_of
from tests.support.ledger import references

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

READ_ONLY = "the database takes no changes: it is read-only now"


@pytest.fixture
def api(deployment: Deployment) -> Iterator[Api]:
    with open_api(deployment) as opened:
        yield opened


def switch(engine: Engine, *, read_only: bool) -> None:
    # After a failover to a replica, sessions are read-only.
    beside = make_engine(engine.url.render_as_string(hide_password=False))
    with beside.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        value = "on" if read_only else "off"
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = {value}"))
    beside.dispose()


def ready(api: Api) -> tuple[int, list[str]]:
    answer = api.ask(None, "GET", "/readyz")
    return answer.status_code, answer.json()["faults"]


def test_a_request_is_answered_503_and_the_next_ones_succeed_once_it_takes_changes(api: Api, engine: Engine) -> None:
    switch(engine, read_only=True)
    # The old connections are closed, like those to a server that was replaced.
    engine.dispose()
    refused = api.ask("raven", "POST", NOTICES, json=NOTICE)
    assert problem_of(refused) == (503, "unavailable")
    assert refused.headers["Retry-After"]
    assert "read-only" in refused.json()["detail"]
    switch(engine, read_only=False)
    assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202


def test_it_is_not_ready_until_it_takes_changes_even_if_nothing_is_sent_meanwhile(api: Api, engine: Engine) -> None:
    assert ready(api) == (200, [])
    switch(engine, read_only=True)
    engine.dispose()
    assert ready(api) == (503, [READ_ONLY])
    switch(engine, read_only=False)
    assert ready(api) == (200, [])


def test_a_connection_that_only_read_meanwhile_refuses_nothing_afterwards(api: Api, engine: Engine) -> None:
    switch(engine, read_only=True)
    engine.dispose()
    assert api.ask("blackpool", "GET", "/v1/cases").status_code == 200
    switch(engine, read_only=False)
    assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202


def test_it_is_ready_as_soon_as_it_takes_changes_even_after_a_refusal(api: Api, engine: Engine) -> None:
    switch(engine, read_only=True)
    engine.dispose()
    assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 503
    assert ready(api) == (503, [READ_ONLY])
    switch(engine, read_only=False)
    assert ready(api) == (200, [])


def test_background_work_goes_on_after_it(deployment: Deployment, engine: Engine) -> None:
    deployment.post_notices(NOTICE)
    switch(engine, read_only=True)
    engine.dispose()
    with pytest.raises(Exception, match="read-only"):
        deployment.settle()
    switch(engine, read_only=False)
    deployment.settle()


NUMBERS = numbers(1)
SENDERS = {"notice": ("raven", "POST", NOTICES), "entry": ("blackpool", "PUT", ENTRIES)}


class Senders:
    def __init__(self, api: Api, engine: Engine) -> None:
        self.api, self.engine, self.read_only = api, engine, False
        # Each has a line of its own, so that their records match no earlier ones.
        self.line = f"01632 960{next(NUMBERS) % 1000:03}"
        # Receipts of what was taken in, and what was refused, by the reference of the record.
        self.taken = dict[tuple[str, str], str]()
        self.owed = list[tuple[str, str]]()

    def do(self, step: str) -> None:
        match step:
            case "turns read-only":
                self.turn(read_only=True)
            case "is back":
                self.turn(read_only=False)
            case "a look at the health":
                assert ready(self.api) == ((503, [READ_ONLY]) if self.read_only else (200, []))
            case "a look at the receipts":
                self.look_at_receipts()
            case "background work":
                self.work()
            case kind:
                self.send(kind, f"r{next(NUMBERS)}")

    def turn(self, *, read_only: bool) -> None:
        switch(self.engine, read_only=read_only)
        if read_only:
            # The connections of before are gone. Those of now are left to the service when the database is back.
            self.engine.dispose()
        self.read_only = read_only

    def send(self, kind: str, name: str) -> None:
        answer = self.asked(kind, name)
        if not self.read_only:
            assert answer.status_code == 202
            self.taken[kind, name] = answer.headers["Location"]
            return
        assert problem_of(answer) == (503, "unavailable")
        assert answer.headers["Retry-After"]
        assert "read-only" in answer.json()["detail"]
        self.owed.append((kind, name))

    def asked(self, kind: str, name: str) -> Response:
        who, method, path = SENDERS[kind]
        record = {**NOTICE, "id": name} if kind == "notice" else {"entry_id": name}
        return self.api.ask(who, method, path, json={**record, "cli": self.line})

    def look_at_receipts(self) -> None:
        for (kind, _), location in self.taken.items():
            assert self.api.ask(SENDERS[kind][0], "GET", location).status_code == 200

    def work(self) -> None:
        if self.read_only and self.has_events():
            with pytest.raises(Exception, match="read-only"):
                self.api.deployment.settle()
        elif not self.read_only:
            self.api.deployment.settle()

    def has_events(self) -> bool:
        with self.api.deployment.store.reading() as connection:
            return bool(count_unpublished(connection))

    def on_record(self) -> set[tuple[str, str]]:
        tables = {"notice": notices, "entry": register_entries}
        deployment = self.api.deployment
        return {(kind, name) for kind, table in tables.items() for name in references(deployment, table).values()}


STEPS = ("turns read-only", "is back", "a look at the health", "a look at the receipts", "background work", *SENDERS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(steps=st.lists(st.sampled_from([*STEPS, *SENDERS, "turns read-only"]), min_size=3, max_size=14))
def test_however_often_it_turns_read_only_nothing_taken_is_lost_and_what_is_not_taken_is_said(
    api: Api, engine: Engine, steps: list[str]
) -> None:
    senders = Senders(api, engine)
    before, matched = senders.on_record(), len(api.deployment.matches())
    for step in steps:
        senders.do(step)
    assert senders.on_record() - before == set(senders.taken)
    # What was refused is taken in once the database is back, without a restart.
    senders.do("is back")
    for kind, name in senders.owed:
        senders.send(kind, name)
    assert senders.on_record() - before == set(senders.taken)
    for step in ("a look at the health", "a look at the receipts", "background work"):
        senders.do(step)
    kinds = [kind for kind, _ in senders.taken]
    assert len(api.deployment.matches()) - matched == kinds.count("notice") * kinds.count("entry")
