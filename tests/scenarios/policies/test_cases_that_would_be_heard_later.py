from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

import pytest

from services.alerts.case.changed_times import changed_times
from services.alerts.policies.policy_change import (
    CasesLaterError,
    ChangedPolicy,
    NobodyIsToldError,
    PolicyChange,
    change_policy,
)
from services.alerts.policy.councils import Council, PolicyMovedError, load_council, set_policy, with_nation
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.withdrawal import next_message
from services.storage.tables import audit, cases, outbox
from tests.scenarios.escalation.three_tiers import lines, three_tiers
from tests.scenarios.policies.drawn_policies import drawn_policy
from tests.support.contacts import set_verified_policy, verify_all
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, count, rows
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last


def council_of(deployment: Deployment) -> Council:
    with deployment.store.reading() as connection:
        return load_council(connection, deployment.store, BLACKPOOL)


def change(deployment: Deployment, policy: CouncilPolicy, confirmed: int | None = None) -> ChangedPolicy:
    made = PolicyChange(council_of(deployment), policy, "Asha Patel", confirmed)
    return change_policy(deployment.store, deployment.ruleset, made)


def due_times(deployment: Deployment, policy: CouncilPolicy) -> dict[str, datetime | None]:
    now, made = deployment.clock.now(), with_nation(policy, BLACKPOOL)
    found: dict[str, datetime | None] = {}
    for case in deployment.cases():
        message = next_message(replace(case, tried_at=None), made, now)
        if not case.ended:
            found[case.reference] = None if message is None else max(message.due_at, now)
    return found


def differ(deployment: Deployment, before: CouncilPolicy, after: CouncilPolicy) -> tuple[int, int]:
    old, new = due_times(deployment, before), due_times(deployment, after)
    pairs = [(old[name], new[name]) for name in old]
    later = sum(1 for was, will in pairs if was is not None and will is not None and will > was)
    return later, sum(1 for was, will in pairs if was is not None and will is not None and will < was)


def with_many_cases(deployment: Deployment, dice: random.Random) -> None:
    for n, line in enumerate(lines(8)):
        deployment.put_entries(line)
        deployment.post_notices(
            notice(f"n{n}", in_days=dice.choice((-3, 0, 1, 5, 9, 20, 40, 80))) | {"cli": line["cli"]}
        )
        deployment.tick(hours=dice.randint(1, 40))
        if deployment.mails() and dice.random() < 0.3:
            acknowledge_last(deployment)


@pytest.mark.parametrize("seed", range(6))
def test_the_number_is_that_of_the_cases_compared_one_by_one(deployment: Deployment, seed: int) -> None:
    dice = random.Random(seed)
    before = drawn_policy(dice)
    set_policy(deployment.store, BLACKPOOL, before, by="Asha Patel")
    with_many_cases(deployment, dice)
    for _ in range(6):
        after = drawn_policy(dice)
        times = changed_times(deployment.store, deployment.ruleset, council_of(deployment), after)
        later, sooner = differ(deployment, before, after)
        assert (times.later, times.sooner) == (later, sooner)
        if not later:
            continue
        for wrong in (None, 0, later - 1, later + 1):
            with pytest.raises(CasesLaterError) as refused:
                change(deployment, after, wrong)
            assert refused.value.later == later
        before = after
        version = change(deployment, after, later).version
        assert {case.policy_version for case in deployment.cases() if not case.ended} == {version}


def test_the_comparison_writes_nothing(deployment: Deployment) -> None:
    with_many_cases(deployment, random.Random(1))
    tables = (cases, audit, outbox)
    before = [rows(deployment, table) for table in tables]
    changed_times(deployment.store, deployment.ruleset, council_of(deployment), three_tiers())
    with pytest.raises(CasesLaterError):
        change(deployment, CouncilPolicy(thresholds=(2, 0), possible_thresholds=(2, 0), repeat_days={2: 1, 0: 1}))
    assert [rows(deployment, table) for table in tables] == before


def test_a_policy_by_which_cases_are_heard_sooner_needs_no_confirmation(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=50))
    wide = CouncilPolicy(thresholds=(28, 2, 0), possible_thresholds=(2, 0), repeat_days={28: 5, 2: 1, 0: 1})
    set_verified_policy(deployment.store, BLACKPOOL, wide)
    deployment.tick(minutes=1)
    due = cases_by_entry(deployment)["e1"].due_at
    assert deployment.mails() == []
    assert change(deployment, three_tiers()).touched == 1
    verify_all(deployment.store, BLACKPOOL)
    now_due = cases_by_entry(deployment)["e1"].due_at
    assert due is not None
    assert now_due is not None
    assert now_due < due
    deployment.tick(minutes=1)
    assert len(deployment.mails()) == 1


def test_a_case_that_is_over_is_not_counted(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=20))
    deployment.tick(seconds=31)
    late = CouncilPolicy(thresholds=(2, 0), possible_thresholds=(2, 0), repeat_days={2: 1, 0: 1})
    assert changed_times(deployment.store, deployment.ruleset, council_of(deployment), late).later == 1
    deployment.post_notices(notice(issued=5, in_days=20, status="withdrawn"))
    deployment.tick(minutes=1)
    assert changed_times(deployment.store, deployment.ruleset, council_of(deployment), late) == (0, 0)


def test_a_number_found_for_an_older_policy_confirms_nothing(deployment: Deployment) -> None:
    read = council_of(deployment)
    set_policy(deployment.store, BLACKPOOL, three_tiers(), by="Ben Okoro")
    with pytest.raises(PolicyMovedError, match="the policy has version 2 by now"):
        change_policy(deployment.store, deployment.ruleset, PolicyChange(read, three_tiers(), "Asha Patel"))
    assert council_of(deployment).version == 2


@pytest.mark.parametrize(("has_fallback", "contacts"), [(False, 0), (False, 1), (True, 0)])
def test_only_a_policy_by_which_nobody_is_told_is_refused(
    deployment: Deployment, has_fallback: bool, contacts: int
) -> None:
    tiers = tuple(tier.model_copy(update={"contacts": tier.contacts[:contacts]}) for tier in three_tiers().tiers)
    made = PolicyChange(
        council_of(deployment), CouncilPolicy(tiers=tiers), "Asha Patel", None, has_fallback=has_fallback
    )
    if has_fallback or contacts:
        assert change_policy(deployment.store, deployment.ruleset, made).version == 2
    else:
        with pytest.raises(NobodyIsToldError, match="add a contact to a tier, or have the operator set"):
            change_policy(deployment.store, deployment.ruleset, made)
        assert count(deployment, audit, audit.c.action == "policy_changed") == 1
