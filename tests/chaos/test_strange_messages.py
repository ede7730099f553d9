from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest
from sqlalchemy import select

from services.core.audit import AuditAction
from services.matcher.consumer import Matcher
from services.runtime.embedded.event_dispatcher import deliver
from services.storage.events.outbox import StoredEvent
from services.storage.tables import outbox, quarantine
from tests.support.deployment import Deployment
from tests.support.ledger import count, said
from tests.support.servers.distributed import postgres

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    # Unlike SQLite, PostgreSQL refuses a text that is too long for its column.
    with postgres() as databases:
        engine = databases.fresh()
        yield Deployment(engine).with_officers()
        engine.dispose()


def known_by_hash(body: bytes) -> StoredEvent:
    return StoredEvent(sha256(body).hexdigest(), Matcher.topics[0], body)


def test_one_that_is_no_event_is_set_aside(deployment: Deployment) -> None:
    deliver(deployment.store, Matcher(), [known_by_hash(b"no event")])
    assert count(deployment, quarantine) == 1


def test_one_that_comes_twice_is_handled_once(deployment: Deployment) -> None:
    deployment.post_notices({"id": "n1", "cli": "01632 960123"})
    with deployment.store.reading() as connection:
        body = connection.scalars(select(outbox.c.body)).one()
    for _ in range(2):
        deliver(deployment.store, Matcher(), [known_by_hash(body)])
    assert len(said(deployment, AuditAction.DUPLICATE_SUPPRESSED)) == 1
