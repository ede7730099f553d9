from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from services.alerts.case.consumer import effects_of
from services.alerts.case.guard import with_kept_facts
from services.alerts.case.store.cases import find_running, save_cases
from services.alerts.case.store.contexts import load_contexts
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.store import mark_recomputed, recomputed_version
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.states.rules import Ruleset
from services.storage.events.process import write_effects
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000  # cases in one transaction


def recompute(store: Store, ruleset: Ruleset, feed_id: str) -> int:
    """Return the number of cases with a new due time."""
    # The version is read first. If a policy is saved meanwhile, the version differs and the council is recomputed
    # again.
    with store.reading() as connection:
        version, before = load_council(connection, store, feed_id).version, recomputed_version(connection, feed_id)
    touched = sum(_batches(store, ruleset, feed_id))
    # The council is marked last, so that the engine recomputes it again after a crash.
    with store.writing() as connection:
        mark_recomputed(connection, feed_id, version, before=before)
    return touched


def _batches(store: Store, ruleset: Ruleset, feed_id: str) -> Iterator[int]:
    last = 0
    while True:
        with store.writing() as connection:
            rows = find_running(connection, feed_id, last, BATCH)
            if not rows:
                return
            last, _ = rows[-1]
            council = load_council(connection, store, feed_id)
            work = UnitOfWork(connection, store, store.now())
            yield _recompute(work, council, ruleset, [entry for _, entry in rows])


def _recompute(work: UnitOfWork, council: Council, ruleset: Ruleset, entries: list[int]) -> int:
    policy, changed, touched = CasePolicy(council.policy, ruleset, council.version), [], 0
    for context in with_kept_facts(load_contexts(work.connection, entries), ruleset).values():
        if context.case is None:
            continue
        # A message that reached nobody under the old policy is sent again at once, to the contacts of the new one.
        owed = what_is_owed(replace(context.case, tried_at=None), context.entry, context.lines, policy, work.now)
        changed.append(owed)
        touched += owed.case.due_at != context.case.due_at
    save_cases(work.connection, (owed.case for owed in changed))
    write_effects(work, effects_of(changed))
    return touched
