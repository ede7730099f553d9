from __future__ import annotations

import random
from pathlib import Path

import pytest

from schemas.codes import CaseEvent
from services.alerts.case.recompute import recompute
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import CouncilPolicy
from tests.scenarios.escalation.three_tiers import lines, three_tiers
from tests.support.deployment import BLACKPOOL, RULESET, Deployment, sqlite_engine
from tests.support.http import open_api
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, after_first_alert, notice
from tests.support.people import record


def version_of(deployment: Deployment) -> int:
    return cases_by_entry(deployment)["e1"].policy_version


def save(deployment: Deployment, policy: CouncilPolicy) -> int:
    return set_policy(deployment.store, BLACKPOOL, policy, by="Asha Patel")


def test_a_case_of_a_council_without_a_policy_runs_on_the_default(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path)
    council = Deployment(engine)
    council.put_entries(ENTRY)
    council.post_notices(notice())
    council.tick(seconds=31)
    assert version_of(council) == 0
    engine.dispose()


def test_a_new_policy_reaches_every_open_case_at_once(deployment: Deployment) -> None:
    after_first_alert(deployment)
    assert version_of(deployment) == 1
    version = save(deployment, three_tiers())
    recompute(deployment.store, deployment.ruleset, BLACKPOOL)
    assert version_of(deployment) == version == 2


def test_an_act_of_a_person_is_judged_by_the_newest_policy(deployment: Deployment) -> None:
    after_first_alert(deployment)
    save(deployment, three_tiers())
    # The engine has not recomputed the cases yet.
    assert record(deployment, CaseEvent.CONTACT_RESIDENT, method="call").policy_version == 2


@pytest.mark.parametrize("seed", range(3))
def test_after_any_history_all_open_cases_run_on_the_newest_version(deployment: Deployment, seed: int) -> None:
    dice = random.Random(seed)
    for n, line in enumerate(lines(6)):
        deployment.put_entries(line)
        deployment.post_notices(notice(f"n{n}", in_days=dice.randint(-5, 70)) | {"cli": line["cli"]})
        if dice.random() < 0.5:
            save(deployment, three_tiers(near_days=dice.randint(7, 30)))
        deployment.tick(hours=dice.randint(1, 30))
    newest = save(deployment, three_tiers())
    deployment.tick(minutes=1)
    assert {case.policy_version for case in deployment.cases()} == {newest}


def test_the_api_shows_the_versions_of_a_case(deployment: Deployment) -> None:
    after_first_alert(deployment)
    with open_api(deployment) as api:
        shown = api.ask("blackpool", "GET", f"/v1/cases/{deployment.cases()[0].reference}").json()
    assert (shown["policy_version"], shown["rulesets"]) == (1, [RULESET])
