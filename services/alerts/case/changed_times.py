"""Counts the cases whose next message comes later or sooner under a new policy. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from services.alerts.case.guard import with_kept_facts
from services.alerts.case.store.cases import page_to_check
from services.alerts.case.store.contexts import CaseContext, find_facts
from services.alerts.policy.councils import Council, with_nation
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.states.rules import Ruleset
from services.storage.store import Store

BATCH = 1_000  # cases held in memory at once


class ChangedTimes(NamedTuple):
    later: int
    sooner: int


def changed_times(store: Store, ruleset: Ruleset, council: Council, policy: CouncilPolicy) -> ChangedTimes:
    later, sooner, now = 0, 0, store.now()
    made = with_nation(policy, council.feed_id)
    for context in _open_cases(store, ruleset, council.feed_id):
        # A message that is due already goes now, under either policy.
        before, after = (_next(context, CasePolicy(one, ruleset), now) for one in (council.policy, made))
        if before is not None and after is not None:
            later, sooner = later + (after > before), sooner + (after < before)
    return ChangedTimes(later, sooner)


def _open_cases(store: Store, ruleset: Ruleset, feed_id: str) -> Iterator[CaseContext]:
    last = 0
    while True:
        # One transaction for each batch, so that a large council keeps no snapshot of the database open.
        with store.reading() as connection:
            page = page_to_check(connection, feed_id, last, BATCH)
            facts = find_facts(connection, [case.entry_pk for case in page])
        if not page:
            return
        last = page[-1].pk
        contexts = {
            case.entry_pk: CaseContext(*facts[case.entry_pk], case)
            for case in page
            if not case.ended and case.entry_pk in facts
        }
        yield from with_kept_facts(contexts, ruleset).values()


def _next(context: CaseContext, policy: CasePolicy, now: datetime) -> datetime | None:
    case = context.case
    if case is None:
        return None
    # A new policy sends a message that is on its way anew, so a try counts under neither.
    owed = what_is_owed(replace(case, tried_at=None), context.entry, context.lines, policy, now)
    return None if owed.message is None else max(owed.message.due_at, now)
