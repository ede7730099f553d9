from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.receipts.noting import note_receipt
from services.alerts.delivery.receipts.receipt import DeliveryReceipt, ReceiptState, is_newer
from services.audit.check import audit_differences
from services.storage.tables import deliveries
from tests.scenarios.escalation.receipts import give_receipts
from tests.scenarios.escalation.three_tiers import three_tiers
from tests.support.clock import FrozenClock
from tests.support.deployment import Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice

AWAITED, DELIVERED, FAILED = ReceiptState.AWAITED, ReceiptState.DELIVERED, ReceiptState.FAILED
START = FrozenClock().now()

receipts = st.builds(
    DeliveryReceipt,
    outcome=st.sampled_from(ReceiptState),
    at=st.integers(0, 5).map(lambda minutes: START + timedelta(minutes=minutes)),
)


def last_of(history: list[DeliveryReceipt]) -> ReceiptState:
    """Return the outcome of the latest final receipt."""
    final = [one for one in history if one.outcome is not AWAITED]
    # At the same time, a failure counts more than another outcome.
    return max(final, key=lambda one: (one.at, one.outcome is FAILED)).outcome if final else AWAITED


@given(st.lists(receipts, max_size=8), st.randoms(use_true_random=False))
def test_what_is_known_depends_on_no_order(history: list[DeliveryReceipt], dice: random.Random) -> None:
    come = history * 2
    dice.shuffle(come)
    known, known_at = AWAITED, None
    for one in come:
        if is_newer(one, known, known_at):
            known, known_at = one.outcome, one.at
    assert known is last_of(history)


@pytest.mark.parametrize("seed", range(6))
def test_the_record_follows_the_last_receipt_and_the_audit_agrees(deployment: Deployment, seed: int) -> None:
    dice = random.Random(seed)
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    give_receipts(deployment)
    deployment.post_notices(notice(in_days=20))
    deployment.tick(seconds=31)
    reference, begun = deployment.mails()[0].reference, deployment.clock.now()
    history: list[DeliveryReceipt] = []
    for _ in range(10):
        at = begun + timedelta(seconds=dice.randint(0, 6))
        history.append(DeliveryReceipt(dice.choice(list(ReceiptState)), at, "notify_test"))
        for receipt in (history[-1], dice.choice(history)):
            note_receipt(deployment.store, reference, receipt)
        deployment.tick(seconds=dice.choice((1, 60, 400)))
        first = rows(deployment, deliveries)[0]
        expected = last_of(history)
        assert first.receipt == expected
        assert first.state == ("refused" if expected is FAILED else "sent")
    with deployment.store.reading() as connection:
        assert list(audit_differences(connection, deployment.store)) == []
