from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.delivery.queue import GIVE_UP_AFTER
from services.storage.store import Store
from services.storage.tables import deliveries
from tests.support.deployment import PATIENCE, Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice

BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
DOUBT = SendResult(SendOutcome.IN_DOUBT, "timed_out")


@pytest.fixture
def at_risk(deployment: Deployment) -> Deployment:
    # The first alert is due in half a minute.
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.settle()
    return deployment


def states(deployment: Deployment) -> list[str]:
    return [row.state for row in rows(deployment, deliveries)]


class Failing(Store):
    """Simulates a database that fails after `left` write transactions."""

    left = sys.maxsize

    def after(self, writes: int) -> None:
        object.__setattr__(self, "left", writes)

    def mend(self) -> None:
        self.after(sys.maxsize)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        if self.left <= 0:
            raise OperationalError("", {}, Exception())
        self.after(self.left - 1)
        with super().writing() as connection:
            yield connection


@pytest.mark.parametrize("result", [BUSY, DOUBT], ids=["busy", "doubt"])
@pytest.mark.parametrize("outage", [timedelta(minutes=3), timedelta(hours=25), timedelta(hours=49, seconds=7)], ids=str)
def test_when_a_channel_works_again_what_is_owed_goes_within_a_minute(
    at_risk: Deployment, result: SendResult, outage: timedelta
) -> None:
    at_risk.channel.results = [result] * 100_000
    ends = at_risk.store.now() + outage
    while at_risk.store.now() < ends:
        at_risk.tick(seconds=min(907, (ends - at_risk.store.now()).total_seconds()))
    at_risk.channel.results.clear()
    for _ in range(30):
        at_risk.tick(seconds=1)
    assert "mailto://desk.example" in {mail.route for mail in at_risk.mails()}
    assert "waiting" not in states(at_risk)


@pytest.mark.parametrize("seed", range(6))
def test_however_a_channel_comes_and_goes_what_is_owed_goes_within_a_minute_of_its_return(
    at_risk: Deployment, seed: int
) -> None:
    noise = random.Random(seed)
    for _ in range(5):
        at_risk.channel.results = [noise.choice([BUSY, DOUBT]) for _ in range(100_000)]
        for _ in range(noise.randint(1, 30)):
            at_risk.tick(seconds=noise.randint(1, 2_000))
        at_risk.channel.results.clear()
        for _ in range(30):
            at_risk.tick(seconds=1)
        assert {"sending", "waiting", "intended"}.isdisjoint(states(at_risk))
    assert "mailto://desk.example" in {mail.route for mail in at_risk.mails()}


def test_the_operators_copy_has_an_age_of_its_own(at_risk: Deployment) -> None:
    at_risk.channel.results = [BUSY] * 100_000
    for _ in range(24 * 6 + 3):
        at_risk.tick(minutes=10)
    copies = [row for row in rows(at_risk, deliveries) if row.tier == OPERATOR_TIER]
    assert min(row.created_at for row in copies) > min(row.created_at for row in rows(at_risk, deliveries))
    given_up = [row for row in copies if row.state == "given_up"]
    assert all(row.settled_at - row.created_at >= GIVE_UP_AFTER for row in given_up)


@pytest.mark.parametrize("fault", [ValueError, RuntimeError, KeyError])
def test_a_message_that_was_sent_is_not_sent_again_because_its_case_cannot_be_counted(
    at_risk: Deployment, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def broken(*_: object) -> None:
        raise fault

    monkeypatch.setattr("services.alerts.delivery.queue.count_as_accepted", broken)
    at_risk.tick(seconds=31)
    at_risk.tick(minutes=5)
    assert (states(at_risk), len(at_risk.mails())) == (["sent"], 1)
    at_risk.tick(days=1, hours=1)
    assert len(at_risk.mails()) > 1, "its case is owed another message all the same"


def test_an_outcome_that_cannot_be_written_now_is_written_later(at_risk: Deployment) -> None:
    store, dispatcher = at_risk.store, at_risk.dispatcher
    at_risk.clock.advance(seconds=31)
    at_risk.engine.run_due()
    failing = Failing(store.engine, store.vault, store.tokeniser, store.clock, store.random)
    failing.after(1)
    one = Dispatcher(failing, dispatcher.pool, dispatcher.presentation, patience=PATIENCE)
    with pytest.raises(OperationalError):
        one.run_due()
    assert states(at_risk) == ["sending"]
    failing.mend()
    while one.run_due():
        pass
    assert (states(at_risk), len(at_risk.mails())) == (["sent"], 1)


@pytest.mark.parametrize("fault", [ValueError, IntegrityError("", {}, Exception())])
def test_an_outcome_that_can_never_be_written_is_let_go_of_and_made_again(
    at_risk: Deployment, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise fault

    with monkeypatch.context() as failing:
        failing.setattr("services.alerts.delivery.dispatch.settle", broken)
        at_risk.clock.advance(seconds=31)
        at_risk.engine.run_due()
        with pytest.raises((ValueError, IntegrityError)):
            at_risk.dispatcher.run_due()
        assert at_risk.dispatcher.run_due() == 0, "it holds up nothing"
    at_risk.tick(minutes=1)
    assert states(at_risk) == ["sent"]
