"""A process that stood still in the middle of sending, and goes on when another has made the attempt in its place."""

from __future__ import annotations

import pytest

from services.alerts.delivery.channels.port import ACCEPTED, Outcome, SendResult
from services.alerts.delivery.claiming import claim
from services.alerts.delivery.queue import Delivery, set_aside, settle
from services.core.audit import AuditAction
from services.storage.tables import deliveries
from tests.support.deployment import House
from tests.support.ledger import rows, said

ENTRY = {"entry_id": "e1", "cli": "01632 960123"}
NOTICE = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03"}
BUSY = SendResult(Outcome.FAILED_TEMPORARY, "smtp_451")
REFUSED = SendResult(Outcome.FAILED_PERMANENT, "smtp_550")
DOUBT = SendResult(Outcome.IN_DOUBT, "timed_out")


@pytest.fixture
def late(house: House) -> Delivery:
    """A first attempt that has been taken to be in doubt."""
    house.put_entries(ENTRY)
    house.post_notices(NOTICE)
    house.settle()
    house.clock.advance(seconds=31)
    house.engine.run_due()
    (claimed,) = claim(house.store, house.dispatcher.pool, ())
    house.clock.advance(seconds=46)
    return claimed


def state(house: House) -> tuple[str, bool]:
    """Where the delivery stands, and whether anything is still to be done about it."""
    (row,) = rows(house, deliveries)
    return row.state, row.due_at is not None


@pytest.mark.parametrize("result", [BUSY, REFUSED, DOUBT], ids=lambda result: result.outcome.value)
def test_an_attempt_that_ends_badly_after_another_was_sent_has_nothing_sent_again(
    house: House, late: Delivery, result: SendResult
) -> None:
    house.dispatcher.run_due()
    settle(house.store, late, result, ())
    assert state(house) == ("sent", False)
    house.tick(hours=1)
    assert len(house.mails()) == 1
    assert said(house, AuditAction.NOBODY_COULD_BE_TOLD) == []


def test_an_attempt_that_ends_badly_while_another_is_made_leaves_it_to_that_one(house: House, late: Delivery) -> None:
    (second,) = claim(house.store, house.dispatcher.pool, ())
    settle(house.store, late, REFUSED, ())
    assert state(house) == ("sending", True)
    settle(house.store, second, ACCEPTED, ())
    assert state(house) == ("sent", False)


def test_an_attempt_that_was_sent_after_all_settles_the_delivery_whatever_becomes_of_the_other(
    house: House, late: Delivery
) -> None:
    (second,) = claim(house.store, house.dispatcher.pool, ())
    settle(house.store, late, ACCEPTED, ())
    assert state(house) == ("sent", False)
    settle(house.store, second, BUSY, ())
    assert state(house) == ("sent", False)


def test_both_sent_is_told_of_both(house: House, late: Delivery) -> None:
    house.dispatcher.run_due()
    settle(house.store, late, ACCEPTED, ())
    assert state(house) == ("sent", False)
    assert {row["number"] for row in said(house, AuditAction.DELIVERY_SENT)} == {1, 2}


def test_what_was_sent_is_not_set_aside_by_one_that_comes_late(house: House, late: Delivery) -> None:
    house.dispatcher.run_due()
    set_aside(house.store, late)
    assert state(house) == ("sent", False)
