"""Finds cases that somebody delayed by hand in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from services.alerts.case.put_back import was_put_back
from services.alerts.case.store.cases import page_to_check
from services.alerts.case.store.contexts import find_facts
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.policy import TRIED_FOR, CouncilPolicy
from services.alerts.policy.policy_days import in_quiet_hours, out_of_quiet_hours
from services.alerts.policy.store import councils_on_record, councils_to_recompute
from services.alerts.review.case import Case
from services.alerts.review.clock_correction import corrected, with_possible_pause
from services.alerts.review.consent.kept import kept_facts
from services.alerts.review.consent.snapshot import Facts, recalled, snapshot
from services.alerts.review.owed import LOOK_AGAIN, CasePolicy, what_is_owed
from services.alerts.review.rules_in_force import rules_of
from services.alerts.states.machine import URGENT
from services.core.clock import CLOCKS_APART
from services.core.differences import Difference
from services.storage.store import Store

PAGE = 500  # cases held in memory at once


def due_differences(connection: Connection, store: Store) -> Iterator[Difference]:
    """Return each stored harmful day or review time that is later than a new review would set it.

    The new review is not saved.
    """
    now = store.now()
    # The engine is about to recompute every case.
    if was_put_back(connection, now):
        return
    # The engine recomputes every case of a council with a new policy, so the times on record do not last.
    passed_over = set(councils_to_recompute(connection))
    for feed_id in councils_on_record(connection):
        council = load_council(connection, store, feed_id)
        if feed_id not in passed_over and not council.damaged:
            yield from _of_council(connection, council, now)


def _of_council(connection: Connection, council: Council, now: datetime) -> Iterator[Difference]:
    last = 0
    while page := page_to_check(connection, council.feed_id, last, PAGE):
        last = page[-1].pk
        current = find_facts(connection, [case.entry_pk for case in page])
        yield from _of_page(page, current, council.policy, now)


def _of_page(
    page: Sequence[Case], current: Mapping[int, Facts], policy: CouncilPolicy, now: datetime
) -> Iterator[Difference]:
    for case in page:
        facts = _reviewed_facts(case, current[case.entry_pk]) if case.entry_pk in current else None
        if facts is not None:
            yield from _of_case(case, facts, policy, now)


def _reviewed_facts(case: Case, current: Facts) -> Facts | None:
    # Returns the facts of the last review, or None if they are not all known.
    if case.believed is None:
        return current
    for facts in (current, kept_facts(case, current, rules_of(case, None))):
        if snapshot(*facts) == case.believed:
            return facts
    # Events of the feeds are not handled yet. A snapshot does not hold every day of an area.
    before = recalled(case.believed, current.entry)
    return None if any(line.days is not None for line in before.lines) else before


def _of_case(case: Case, facts: Facts, policy: CouncilPolicy, now: datetime) -> Iterator[Difference]:
    # Without the due time on record, which the review of a case without a message would keep if it is earlier.
    owed = what_is_owed(replace(case, due_at=None), *facts, CasePolicy(policy), now)
    is_now = owed.case.harm_on
    if owed.risk is not None and is_now is not None and (case.harm_on is None or case.harm_on > is_now):
        yield Difference(f"case {case.reference} harmful day", str(case.harm_on or "no day"), str(is_now))
    due_at = owed.case.due_at
    if due_at is not None and _is_put_off(case, due_at, policy, now):
        yield Difference(f"case {case.reference} next review", str(case.due_at or "never"), str(max(due_at, now)))


def _is_put_off(case: Case, due_at: datetime, policy: CouncilPolicy, now: datetime) -> bool:
    if case.due_at is None:
        # That an open case is never reviewed contradicts the audit, which is compared elsewhere.
        return case.ended
    return case.due_at > max(now, _latest(case, due_at, policy, now))


def _latest(case: Case, due_at: datetime, policy: CouncilPolicy, now: datetime) -> datetime:
    moments = [due_at]
    # A message that reached nobody is tried again after this time, even if the calendar changes the case before.
    if case.tried_at is not None and case.tried_at <= now + CLOCKS_APART:
        moments.append(case.tried_at + TRIED_FOR)
    # At midnight a case may become so pressing that its messages ignore quiet hours. The time on record is older.
    if in_quiet_hours(policy, now) and case.state not in URGENT:
        moments.append(out_of_quiet_hours(policy, now))
    # A clock that ran ahead has reviewed the case. The engine corrects the case at its next review.
    if with_possible_pause(corrected(case, now, []), policy, now) != case:
        moments.append(now + LOOK_AGAIN)
    return max(moments)
