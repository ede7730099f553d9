"""Limits the number of cases that feeds can end or delay in 24 hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from services.alerts.case.store.contexts import CaseContext
from services.alerts.case.store.relaxations import count_alone, open_or_relaxed, relaxed_since
from services.alerts.policy.councils import Council
from services.alerts.review.case import Case
from services.alerts.review.consent.kept import kept_facts
from services.alerts.review.consent.relaxing import allowance, latest_harm_first, relaxes, without_waiting
from services.alerts.review.consent.snapshot import Facts
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.rules_in_force import rules_of
from services.alerts.states.rules import Ruleset
from services.storage.unit_of_work import UnitOfWork

# The time over which the changed cases of a council are summed.
WINDOW = timedelta(hours=24)

Contexts = dict[int, CaseContext]


def with_kept_facts(contexts: Mapping[int, CaseContext], ruleset: Ruleset | None = None) -> Contexts:
    return {entry: _with_kept(context, ruleset) for entry, context in contexts.items()}


def with_judged_facts(
    work: UnitOfWork, contexts: Mapping[int, CaseContext], councils: Mapping[str, Council], ruleset: Ruleset
) -> Contexts:
    """Return each context with its current facts.

    If a change must wait for a person's consent, the context keeps the facts from before the change.
    """
    # A stolen key or a faulty feed must not stop many messages. A change beyond the limit waits until a person accepts
    # the change.
    judged = {entry: _judged(context, councils, ruleset, work.now) for entry, context in contexts.items()}
    asking = [case for context, relaxed in judged.values() if (case := context.case) and relaxed]
    allowed = _allowed(work, asking, councils)
    return {
        entry: _decided(context, contexts[entry], allowed, work.now) if relaxed else context
        for entry, (context, relaxed) in judged.items()
    }


def _judged(
    context: CaseContext, councils: Mapping[str, Council], ruleset: Ruleset, now: datetime
) -> tuple[CaseContext, bool]:
    # Returns the context to review, and whether the current facts would end or delay the case.
    kept = _with_kept(context, ruleset)
    if context.case is None:
        return context, False
    current = replace(context, case=without_waiting(context.case))
    if kept == context:
        return current, False
    policy = CasePolicy(councils[context.entry.feed_id].policy, ruleset)
    before, after = (
        what_is_owed(without_waiting(context.case), one.entry, one.lines, policy, now) for one in (kept, current)
    )
    return (kept, True) if relaxes(before, after) else (current, False)


def _with_kept(context: CaseContext, ruleset: Ruleset | None) -> CaseContext:
    case = context.case
    if case is None or case.believed is None or case.ended:
        return context
    facts = kept_facts(case, Facts(context.entry, context.lines), rules_of(case, ruleset))
    return replace(context, entry=facts.entry, lines=facts.lines)


def _decided(kept: CaseContext, current: CaseContext, allowed: frozenset[int], now: datetime) -> CaseContext:
    case = kept.case
    assert case is not None  # noqa: S101 - only a case is ended or delayed
    if case.pk in allowed:
        return replace(current, case=replace(case, relaxed_at=now))
    return replace(kept, case=replace(case, changes_wait_since=case.changes_wait_since or now))


def _allowed(work: UnitOfWork, asking: Iterable[Case], councils: Mapping[str, Council]) -> frozenset[int]:
    by_council: dict[str, list[Case]] = {}
    for case in asking:
        # What waits for a person goes on waiting, also when the allowance is free again.
        if not case.changes_wait:
            by_council.setdefault(case.feed_id, []).append(case)
    # The councils take their turns in one order, so that two workers cannot wait for each other.
    return frozenset(pk for feed in sorted(by_council) for pk in _of_council(work, councils[feed], by_council[feed]))


def _of_council(work: UnitOfWork, council: Council, asking: Iterable[Case]) -> set[int]:
    since = work.now - WINDOW
    count_alone(work.connection, council.feed_id, work.now)
    used = relaxed_since(work.connection, council.feed_id, since)
    limit = allowance(council.policy, open_or_relaxed(work.connection, council.feed_id, since))
    allowed: set[int] = set()
    # The cases with the latest harm have the most time to be put right.
    for case in sorted(asking, key=latest_harm_first):
        # A case that is changed twice in these hours counts once.
        if len(used | {case.pk}) <= limit:
            used.add(case.pk)
            allowed.add(case.pk)
    return allowed
