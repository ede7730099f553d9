from __future__ import annotations

import pytest

from schemas import envelope
from schemas.events import EVENT_TYPES
from services.runtime.embedded.event_dispatcher import LEFT_ALONE, republish_missed_to
from services.storage.tables import inbox, outbox, quarantine
from tests.support.deployment import Deployment
from tests.support.ledger import count, pairs

# Stands for a kind of event that the older version does not know.
NEW = "uk.pullcord.notices_accepted.v1"

NOTICE = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03"}
ENTRY = {"entry_id": "e1", "cli": "01632 960123"}
# The kinds of event that the older version knows.
OLDER = {type_: data for type_, data in EVENT_TYPES.items() if type_ != NEW}


@pytest.fixture
def left(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    # An older Pullcord has met an event of a newer kind. From now on, the newer Pullcord runs.
    with monkeypatch.context() as older:
        older.setattr(envelope, "EVENT_TYPES", OLDER)
        deployment.post_notices(NOTICE)
        deployment.put_entries(ENTRY)
        deployment.settle()
    return deployment


def again(deployment: Deployment) -> int:
    return republish_missed_to(deployment.store, deployment.consumers)


def test_it_is_neither_handled_nor_set_aside_and_the_rest_goes_on(left: Deployment) -> None:
    assert count(left, quarantine) == 0
    assert (count(left, outbox), count(left, inbox)) == (4, 2), (
        "handled: the entry, and its match with the notice on record"
    )
    assert LEFT_ALONE.labels("matcher")._value.get() > 0


def test_the_newer_version_is_told_it_again_and_handles_it(left: Deployment) -> None:
    left.clock.advance(minutes=2)
    assert again(left) == 1
    left.settle()
    assert count(left, inbox) == 3
    assert set(pairs(left)) == {("n1", "e1")}
    left.clock.advance(minutes=2)
    assert again(left) == 0


def test_an_older_version_that_meets_it_again_leaves_it_alone_again(
    left: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(envelope, "EVENT_TYPES", OLDER)
        for _ in range(3):
            left.clock.advance(minutes=2)
            assert again(left) == 1
            left.settle()
    assert (count(left, inbox), count(left, quarantine)) == (2, 0)


def test_what_was_handled_is_not_told_again(deployment: Deployment) -> None:
    deployment.post_notices(NOTICE)
    deployment.put_entries(ENTRY)
    deployment.settle()
    deployment.clock.advance(hours=1)
    assert again(deployment) == 0
