from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from services.ingest.recording import turns
from services.ingest.recording.replacement import Replacement
from services.ingest.recording.turns import Turns
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.ledger import pairs, stale_matches

TODAY = "2026-11-23T00:00:00Z"


class DiedError(Exception):
    """Simulates the end of a process between two transactions."""


@pytest.fixture
def small_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "ROWS_A_TURN", 3)
    monkeypatch.setattr(turns, "_PAUSE", 0.0)


def before_turn(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Make Pullcord call `act` before each write transaction. `act` gets the number of the transaction, from 0."""
    writing, count = Turns.writing, iter(range(1_000))

    @contextmanager
    def watched(self: Turns) -> Iterator[Connection]:
        act(next(count))
        with writing(self) as connection:
            yield connection

    monkeypatch.setattr(Turns, "writing", watched)


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {"entry_id": f"e{number}", "cli": f"01632 960{number:03}", "updated_at": TODAY, **more}


def notice(number: int, **more: Any) -> dict[str, Any]:
    line = {"id": f"n{number}", "cli": f"01632 960{number:03}", "planned_migration_date": "2026-12-03"}
    return {**line, "issued_at": TODAY, **more}


def rows_of_a_day(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    # The rows have repeated references, statuses, replaced notices and ended services.
    dice = random.Random(seed)
    entries = [entry(dice.randrange(12), updated_at=f"2026-11-2{dice.randint(0, 3)}T00:00:00Z") for _ in range(20)]
    notices = []
    for _ in range(25):
        number, stamp = dice.randrange(12), f"2026-11-2{dice.randint(0, 3)}T00:00:00Z"
        more = dice.choice([{}, {"status": "withdrawn"}, {"supersedes": f"n{dice.randrange(12)}"}, {"cli": "01632 9"}])
        notices.append(notice(number, issued_at=stamp, **more))
    return entries, notices


def receipts_and_matches(deployment: Deployment, seed: int) -> list[Any]:
    said: list[Any] = []
    for _ in range(2):
        entries, notices = rows_of_a_day(seed)
        for receipt, outcomes in (deployment.put_entries(*entries), deployment.post_notices(*notices)):
            said.append((receipt.counts, outcomes))
        deployment.settle()
        assert stale_matches(deployment) == 0
        said.append(sorted(pairs(deployment).items()))
        seed += 100
    return said


@pytest.mark.parametrize("seed", range(20))
def test_it_ends_as_if_written_at_once(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    at_once = receipts_and_matches(Deployment(sqlite_engine(one)).with_officers(), seed)
    monkeypatch.setattr(turns, "ROWS_A_TURN", 1 + seed % 4)
    monkeypatch.setattr(turns, "_PAUSE", 0.0)
    assert receipts_and_matches(Deployment(sqlite_engine(two)).with_officers(), seed) == at_once


@pytest.mark.usefixtures("small_turns")
def test_others_write_between_its_turns(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment.with_officers().put_entries(entry(900))
    mails: list[int] = []

    def act(turn: int) -> None:
        # Written by another process, over a connection of its own.
        if turn == 1:
            Turns.writing = writing  # type: ignore[method-assign]
            deployment.post_notices(notice(900))
            deployment.tick(seconds=31)
        mails.append(len(deployment.mails()))

    writing = Turns.writing
    before_turn(monkeypatch, act)
    deployment.post_notices(*(notice(number) for number in range(10)))
    assert mails[:2] == [0, 1]


@pytest.mark.usefixtures("small_turns")
@pytest.mark.parametrize("turn", range(4))
def test_a_process_that_ends_between_turns_loses_nothing(
    turn: int, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.put_entries(*map(entry, range(10)))
    rows = [notice(number) for number in range(10)]

    def act(number: int) -> None:
        if number == turn:
            raise DiedError

    with monkeypatch.context() as patch:
        before_turn(patch, act)
        with pytest.raises(DiedError):
            deployment.post_notices(*rows, key="once")
    deployment.settle()
    assert len(pairs(deployment)) == 3 * turn
    receipt, outcomes = deployment.post_notices(*rows, key="once")
    assert [one.outcome.value for one in outcomes] == ["unchanged"] * 3 * turn + ["accepted"] * (10 - 3 * turn)
    deployment.settle()
    assert len(pairs(deployment)) == 10
    again, _ = deployment.post_notices(*rows, key="once")
    assert (again.submission_id, again.repeated) == (receipt.submission_id, True)


@pytest.mark.usefixtures("small_turns")
def test_an_entry_that_changes_meanwhile_is_not_withdrawn(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.put_entries(entry(1), entry(2), *map(entry, range(10, 20)))
    deployment.post_notices(notice(1), notice(2))

    def act(turn: int) -> None:
        if turn == 1:
            Turns.writing = writing  # type: ignore[method-assign]
            deployment.put_entries(
                entry(1, cli="01632 960001", post_town="Blackpool", updated_at="2026-11-24T00:00:00Z")
            )

    writing = Turns.writing
    with monkeypatch.context() as patch:
        before_turn(patch, act)
        deployment.put_entries(*map(entry, range(10, 20)), replacement=Replacement(share=0.5))
    deployment.settle()
    assert set(pairs(deployment)) == {("n1", "e1")}
