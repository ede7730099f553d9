"""Recomputes what is owed to every open case of a council whose policy has changed, in batches.

A change that was saved is not lost when this is cut short: the council keeps its mark until every case was looked at,
and the engine goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from services.alerts.case.consumer import effects_of
from services.alerts.case.store import load_contexts, save_cases
from services.alerts.policy.councils import Council, load_council
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.states.machine import ENDED
from services.alerts.states.rules import Ruleset
from services.storage.events.process import write_effects
from services.storage.store import Store
from services.storage.tables import cases, feeds
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000


def with_changed_policy(connection: Connection) -> list[str]:
    """The councils whose policy has changed since their cases were last recomputed."""
    changed = feeds.c.policy_version != feeds.c.recomputed_version
    return list(connection.scalars(select(feeds.c.feed_id).where(changed)))


def recompute(store: Store, ruleset: Ruleset, feed_id: str) -> int:
    """Recompute every open case of a council; returns for how many the next message now falls due at another time."""
    with store.reading() as connection:
        version = load_council(connection, store, feed_id).version
    touched = sum(_batches(store, ruleset, feed_id))
    with store.writing() as connection:
        done = update(feeds).where(feeds.c.feed_id == feed_id).values(recomputed_version=version)
        connection.execute(done)
    return touched


def _batches(store: Store, ruleset: Ruleset, feed_id: str) -> Iterator[int]:
    last = 0
    while True:
        with store.writing() as connection:
            query = select(cases.c.pk, cases.c.entry_pk).where(cases.c.feed_id == feed_id, cases.c.pk > last)
            running = query.where(cases.c.state.not_in([state.value for state in ENDED]))
            rows = connection.execute(running.order_by(cases.c.pk).limit(BATCH)).all()
            if not rows:
                return
            last = rows[-1].pk
            council = load_council(connection, store, feed_id)
            yield _recompute(connection, store, council, ruleset, [row.entry_pk for row in rows], store.now())


def _recompute(
    connection: Connection, store: Store, council: Council, ruleset: Ruleset, entries: list[int], now: datetime
) -> int:
    policy, changed, touched = CasePolicy(council.policy, ruleset), [], 0
    for context in load_contexts(connection, entries).values():
        if context.case is None:
            continue
        # Whoever was not reached under the policy before is tried at once under this one.
        owed = what_is_owed(replace(context.case, tried_at=None), context.entry, context.lines, policy, now)
        changed.append(owed)
        touched += owed.case.due_at != context.case.due_at
    save_cases(connection, (made.case for made in changed))
    write_effects(UnitOfWork(connection, store, now), effects_of(changed))
    return touched
