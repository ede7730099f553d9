from __future__ import annotations

from collections.abc import Callable

import pytest

from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.claiming import claim
from services.alerts.delivery.delivery import Delivery
from services.alerts.delivery.queue import cancel_delivery, settle
from services.core.audit import AuditAction
from services.storage.tables import deliveries
from tests.support.deployment import Deployment
from tests.support.ledger import rows, said

ENTRY = {"entry_id": "e1", "cli": "01632 960123"}
NOTICE = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03"}
BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
REFUSED = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
ISSUED_NEXT, ISSUED_LAST = {"issued_at": "2026-11-23T10:00:10Z"}, {"issued_at": "2026-11-23T10:00:20Z"}
UPDATED_LAST = {"updated_at": "2026-11-23T10:00:20Z"}
DOUBT = SendResult(SendOutcome.IN_DOUBT, "timed_out")


@pytest.fixture
def late(deployment: Deployment) -> Delivery:
    # The first attempt has taken so long that its outcome counts as unknown.
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.settle()
    deployment.clock.advance(seconds=31)
    deployment.engine.run_due()
    (claimed,) = claim(deployment.store, deployment.dispatcher.pool, ())
    deployment.clock.advance(seconds=46)
    return claimed


def state(deployment: Deployment) -> tuple[str, bool]:
    # The flag is True if the delivery is still to be sent or settled.
    (row,) = rows(deployment, deliveries)
    return row.state, row.due_at is not None


@pytest.mark.parametrize("result", [BUSY, REFUSED, DOUBT], ids=lambda result: result.outcome.value)
def test_an_attempt_that_ends_badly_after_another_was_sent_has_nothing_sent_again(
    deployment: Deployment, late: Delivery, result: SendResult
) -> None:
    deployment.dispatcher.run_due()
    settle(deployment.store, late, result)
    assert state(deployment) == ("sent", False)
    deployment.tick(hours=1)
    assert len(deployment.mails()) == 1
    assert said(deployment, AuditAction.NOBODY_COULD_BE_TOLD) == []


def test_an_attempt_that_ends_badly_while_another_is_made_leaves_it_to_that_one(
    deployment: Deployment, late: Delivery
) -> None:
    (second,) = claim(deployment.store, deployment.dispatcher.pool, ())
    settle(deployment.store, late, REFUSED)
    assert state(deployment) == ("sending", True)
    settle(deployment.store, second, ACCEPTED)
    assert state(deployment) == ("sent", False)


def test_an_attempt_that_was_sent_after_all_settles_the_delivery_whatever_becomes_of_the_other(
    deployment: Deployment, late: Delivery
) -> None:
    (second,) = claim(deployment.store, deployment.dispatcher.pool, ())
    settle(deployment.store, late, ACCEPTED)
    assert state(deployment) == ("sent", False)
    settle(deployment.store, second, BUSY)
    assert state(deployment) == ("sent", False)


def test_both_sent_is_told_of_both(deployment: Deployment, late: Delivery) -> None:
    deployment.dispatcher.run_due()
    settle(deployment.store, late, ACCEPTED)
    assert state(deployment) == ("sent", False)
    assert {row["number"] for row in said(deployment, AuditAction.DELIVERY_SENT)} == {1, 2}


def test_what_was_sent_is_not_set_aside_by_one_that_comes_late(deployment: Deployment, late: Delivery) -> None:
    deployment.dispatcher.run_due()
    cancel_delivery(deployment.store, late)
    assert state(deployment) == ("sent", False)


def _news(deployment: Deployment) -> None:
    deployment.post_notices({**NOTICE, "status": "rescheduled", "planned_migration_date": "2026-12-01", **ISSUED_NEXT})
    deployment.settle()


def _newer_alert(deployment: Deployment) -> None:
    _news(deployment)
    deployment.clock.advance(seconds=31)
    deployment.engine.run_due()
    deployment.clock.advance(seconds=1)


def _nothing(deployment: Deployment) -> None:
    del deployment


def _ends(deployment: Deployment, late: Delivery) -> None:
    settle(deployment.store, late, ACCEPTED)


def _dies(deployment: Deployment, late: Delivery) -> None:
    del deployment, late


@pytest.mark.parametrize("meanwhile", [_nothing, _news, _newer_alert])
@pytest.mark.parametrize("sender", [_ends, _dies])
@pytest.mark.parametrize("withdrawn_first", [True, False])
def test_whoever_got_a_late_first_message_is_told_when_the_notice_is_withdrawn(
    deployment: Deployment,
    late: Delivery,
    meanwhile: Callable[[Deployment], None],
    sender: Callable[[Deployment, Delivery], None],
    withdrawn_first: bool,
) -> None:
    meanwhile(deployment)
    if not withdrawn_first:
        sender(deployment, late)
    deployment.post_notices({**NOTICE, "status": "withdrawn", **ISSUED_LAST})
    deployment.settle()
    if withdrawn_first:
        sender(deployment, late)
    deployment.tick(hours=1)
    deployment.tick(days=3)
    subjects = [mail.message.subject for mail in deployment.mails() if mail.route == "mailto://desk.example"]
    assert [subject.startswith("No longer") for subject in subjects] == [True]


def _number_corrected(deployment: Deployment) -> None:
    deployment.put_entries({**ENTRY, "cli": "01632 960999", **UPDATED_LAST})


def _notice_moved_to_another_line(deployment: Deployment) -> None:
    deployment.post_notices({**NOTICE, "cli": "01632 960998", **ISSUED_LAST})


def _replacement_withdrawn(deployment: Deployment) -> None:
    replacement = {**NOTICE, "id": "n2", "supersedes": "n1"}
    deployment.post_notices({**replacement, **ISSUED_NEXT})
    deployment.post_notices({**replacement, "status": "withdrawn", **ISSUED_LAST})


@pytest.mark.parametrize(
    "passes",
    [_number_corrected, _notice_moved_to_another_line, _replacement_withdrawn],
)
def test_the_same_holds_in_whatever_way_the_danger_passes(
    deployment: Deployment, late: Delivery, passes: Callable[[Deployment], None]
) -> None:
    _news(deployment)
    settle(deployment.store, late, ACCEPTED)
    passes(deployment)
    deployment.tick(hours=1)
    deployment.tick(days=3)
    assert [mail.message.subject.startswith("No longer") for mail in deployment.mails()] == [True]


def test_a_late_first_message_does_not_repeat_the_word_that_it_is_over(deployment: Deployment, late: Delivery) -> None:
    deployment.dispatcher.run_due()
    deployment.post_notices({**NOTICE, "status": "withdrawn", **ISSUED_LAST})
    deployment.tick(hours=1)
    settle(deployment.store, late, ACCEPTED)
    deployment.tick(days=3)
    assert [mail.message.subject.startswith("No longer") for mail in deployment.mails()] == [False, True]
