from __future__ import annotations

from services.alerts.case.consumer import CaseConsumer
from services.alerts.case.store.entries import entries_to_review
from services.alerts.policy.store import mark_reviewed
from services.alerts.states.rules import Ruleset
from services.storage.events.process import write_effects
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000  # register entries in one transaction


def apply_ruleset(store: Store, ruleset: Ruleset, feed_id: str) -> int:
    """Return the number of reviewed entries."""
    reviewed, last = 0, 0
    while True:
        now = store.now()
        with store.processing() as connection:
            entries = entries_to_review(connection, feed_id, last, BATCH)
            # The council is marked last. After a crash the engine starts again; a second review of an entry changes
            # nothing.
            if not entries:
                mark_reviewed(connection, feed_id, ruleset.name)
                return reviewed
            work = UnitOfWork(connection, store, now)
            write_effects(work, CaseConsumer(ruleset).review(work, entries))
        reviewed, last = reviewed + len(entries), entries[-1]
