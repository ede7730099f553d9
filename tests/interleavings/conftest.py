from __future__ import annotations

from collections.abc import Iterator

import pytest
import pytest_socket

from services.storage.feeds import add_feed
from services.storage.store import Store
from tests.interleavings.submissions.histories import COUNCILS, PROVIDERS
from tests.support.clock import FrozenClock
from tests.support.deployment import make_store
from tests.support.servers.distributed import Databases, postgres

# None changes what a transaction sees or waits for. Without them most of the time would go into finding out about
# deadlocks, and into plans made for tables that were still empty.
SETTINGS = {"deadlock_timeout": "20ms", "autovacuum_naptime": "5s"}


@pytest.fixture(scope="package")
def databases() -> Iterator[Databases]:
    pytest_socket.enable_socket()
    with postgres() as made:
        made.set(SETTINGS)
        yield made


@pytest.fixture
def store(databases: Databases) -> Iterator[Store]:
    # The store has two providers and two councils, and no records.
    made = make_store(databases.fresh(), FrozenClock())
    for code in PROVIDERS:
        add_feed(made, "provider", code, code)
    for code in COUNCILS:
        add_feed(made, "council", code, code)
    yield made
    made.engine.dispose()
