from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from schemas.codes import CaseEvent
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.policy.rota.rota_settings import Rota, RotaLayer
from services.alerts.preview.case_preview import MOST_MESSAGES, CasePreview, preview_case
from tests.scenarios.escalation.three_tiers import OPERATOR, lines, person, sent, three_tiers
from tests.scenarios.policies.drawn_policies import drawn_policy
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.http import open_api, problem_of
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, after_first_alert, notice
from tests.support.people import record


class PersonTold(NamedTuple):
    at: datetime
    person: str


def preview(deployment: Deployment, days: int = 60) -> CasePreview:
    case = cases_by_entry(deployment)["e1"]
    with deployment.store.reading() as connection:
        return preview_case(connection, deployment.store, deployment.ruleset, deployment.fallback, case, days)


def foreseen(found: CasePreview) -> list[PersonTold]:
    return sorted(PersonTold(one.at.astimezone(UTC), who.person) for one in found.messages for who in one.people)


def really_sent(deployment: Deployment, *, since: datetime, until: datetime, at: list[datetime]) -> list[PersonTold]:
    before = len(sent(deployment))
    looks = int((until - since) / timedelta(hours=12))
    for moment in sorted({*at, *(since + timedelta(hours=12 * n) for n in range(looks + 1))}):
        deployment.clock.set(moment)
        deployment.tick(seconds=0)
    return sorted(PersonTold(one.at, one.contact) for one in sent(deployment)[before:])


def check(deployment: Deployment, days: int = 20) -> list[PersonTold]:
    since = deployment.clock.now()
    found = preview(deployment, days)
    assert found.complete
    expected = foreseen(found)
    until = since + timedelta(days=days)
    assert really_sent(deployment, since=since, until=until, at=[one.at for one in expected]) == expected
    return expected


@pytest.mark.parametrize("in_days", [-3, 1, 10, 30, None])
def test_the_preview_is_what_is_sent_if_nobody_answers(deployment: Deployment, in_days: int | None) -> None:
    set_verified_policy(deployment.store, BLACKPOOL, three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=in_days))
    deployment.tick(seconds=1)
    told = {one.person for one in check(deployment)}
    assert told >= {"officer"}


@pytest.mark.parametrize("seed", range(5))
def test_the_preview_is_what_is_sent_by_any_policy_at_any_time(deployment: Deployment, seed: int) -> None:
    dice = random.Random(seed)
    set_verified_policy(deployment.store, BLACKPOOL, drawn_policy(dice))
    deployment.clock.advance(minutes=dice.randint(0, 7 * 24 * 60))
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=dice.choice((0, 3, 8, 12, 25, 45))))
    deployment.tick(seconds=31)
    for _ in range(dice.randint(0, 20)):
        deployment.tick(hours=dice.randint(1, 12))
    if dice.random() < 0.5:
        record(deployment, CaseEvent.ACKNOWLEDGE)
    check(deployment, days=20)


def test_the_people_are_those_on_duty_at_that_moment(deployment: Deployment) -> None:
    (tier, *_) = three_tiers().tiers
    night, day = person("night officer"), person("day officer")
    everybody = tier.model_copy(update={"contacts": (day, night)})
    layer = RotaLayer(label="turns", tier=tier.label, people=("day officer", "night officer"), starts_on="2026-11-16")
    made = CouncilPolicy(tiers=(everybody,), rota=Rota(layers=(layer,)))
    set_verified_policy(deployment.store, BLACKPOOL, made)
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=25))
    deployment.tick(seconds=1)
    assert {one.person for one in check(deployment, days=20)} >= {"day officer", "night officer"}


def test_the_preview_names_reasons_in_words_the_operator_and_what_it_assumes(deployment: Deployment) -> None:
    set_verified_policy(deployment.store, BLACKPOOL, three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=-1))
    deployment.tick(seconds=1)
    found = preview(deployment)
    assert found.messages[0].why == "the first message about the case"
    assert "nobody has answered the earlier messages" in {one.why for one in found.messages}
    operators = {who.tier for one in found.messages for who in one.people if who.person == OPERATOR}
    assert operators == {"operator of Pullcord"}
    assert found.assumptions[0].startswith("Nobody acts on the case")
    assert found.policy_version == 2


def test_a_case_on_hold_has_no_message_until_the_hold_ends(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=30))
    deployment.tick(seconds=31)
    record(deployment, CaseEvent.REQUEST_HOLD)
    record(deployment, CaseEvent.CONFIRM_HOLD, provider_reference="HLD-1", ends_on="2026-12-20")
    told = check(deployment, days=60)
    assert min(one.at for one in told) > datetime(2026, 12, 20, tzinfo=UTC)


def test_the_preview_writes_nothing_and_is_bounded(deployment: Deployment) -> None:
    policy = three_tiers(
        repeat_days=dict.fromkeys((56, 28, 14, 7, 2, 0), 1), reminders_before_rarer=100, silence_urgent_minutes=5
    )
    set_verified_policy(deployment.store, BLACKPOOL, policy)
    for line in lines(1):
        deployment.put_entries(line | {"entry_id": "e1"})
        deployment.post_notices(notice(in_days=-1) | {"cli": line["cli"]})
    deployment.tick(seconds=31)
    before = deployment.cases()
    found = preview(deployment, days=366)
    assert len(found.messages) <= MOST_MESSAGES
    assert not found.complete or len(found.messages) > 100
    assert deployment.cases() == before


def test_the_api_previews_a_case_to_its_own_council_only(deployment: Deployment) -> None:
    after_first_alert(deployment)
    path = f"/v1/cases/{deployment.cases()[0].reference}/preview"
    with open_api(deployment) as api:
        shown = api.ask("blackpool", "GET", path, params={"days": 9}).json()
        assert shown["messages"][0]["people"] == [{"person": "duty desk", "tier": "duty"}]
        assert shown == json.loads(preview(deployment, 9).model_dump_json()) | {"messages": shown["messages"]}
        assert problem_of(api.ask("cardiff", "GET", path)) == (404, "not-found")
        assert problem_of(api.ask("blackpool", "GET", path, params={"days": 367})) == (422, "invalid-request")
