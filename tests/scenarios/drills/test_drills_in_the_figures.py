from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.alerts.delivery.drills.answering import record_answer
from services.alerts.delivery.drills.rules import AnswerWay
from services.audit.check import audit_differences
from services.audit.figures.figures import Figure
from tests.scenarios.drills.drilled import (
    HOUR,
    begin,
    go_on_to,
    reference_of,
    set_policy_of_blackpool,
    two_tiers,
    with_cardiff,
)
from tests.support.checks.oversight import DECEMBER, close, counted, figures_of
from tests.support.deployment import Deployment
from tests.support.http import Api

ONE_DAY = timedelta(days=1)


def test_each_council_counts_once_in_the_month_by_what_became_of_its_drill(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers())
    with_cardiff(deployment)
    begin(deployment)
    # The newest drill is Cardiff's. Nobody answers Blackpool's.
    record_answer(deployment.store, reference_of(deployment), "Asha Patel", AnswerWay.API)
    deployment.clock.set(datetime(2026, 12, 31, 12, tzinfo=UTC))
    go_on_to(deployment, datetime(2027, 1, 1, 1, tzinfo=UTC))
    assert close(deployment) == 2
    figures = figures_of(deployment, DECEMBER)
    assert counted(figures, Figure.DRILLS_HELD) == {"total": 2, "council E06000009": 1, "council W06000015": 1}
    assert counted(figures, Figure.DRILLS) == {
        "total": 1,
        "kind within_a_working_day": 1,
        "council W06000015": 1,
        "council_kind W06000015/within_a_working_day": 1,
    }
    with deployment.store.reading() as connection:
        assert list(audit_differences(connection, deployment.store)) == []


def test_a_drill_without_an_answer_and_a_late_answer_have_kinds_of_their_own(api: Api) -> None:
    deployment = api.deployment
    set_policy_of_blackpool(deployment, two_tiers())
    with_cardiff(deployment)
    begin(deployment)
    cardiff = reference_of(deployment)
    go_on_to(deployment, HOUR + ONE_DAY + timedelta(hours=2))
    record_answer(deployment.store, cardiff, "Asha Patel", AnswerWay.API)
    go_on_to(deployment, HOUR + 8 * ONE_DAY)
    deployment.clock.set(datetime(2027, 1, 1, 1, tzinfo=UTC))
    close(deployment)
    answer = api.ask("regulator", "GET", "/v1/oversight/figures?from=2026-12").json()
    (figure,) = (one for one in answer["months"][0]["figures"] if one["figure"] == "drills")
    assert (figure["total"]["count"], figure["total"]["out_of"]) == (2, 2)
    kinds = {one["key"]: one["count"] for one in figure["tables"]["kind"]}
    assert kinds == {"within_a_working_day": 0, "later": 1, "not_at_all": 1}
    by_council = {one["key"]: one["count"] for one in figure["tables"]["council_kind"]}
    assert by_council["E06000009/not_at_all"] == by_council["W06000015/later"] == 1


def test_a_drill_that_a_person_started_is_in_no_figure(api: Api) -> None:
    deployment = api.deployment
    started = api.ask("blackpool", "POST", "/v1/drills", json={"by": "Asha Patel"}).json()["drill"]
    api.ask("blackpool", "POST", f"/v1/drills/{started}/answer", json={"by": "Asha Patel"})
    deployment.clock.set(datetime(2026, 12, 1, 1, tzinfo=UTC))
    close(deployment)
    answer = api.ask("regulator", "GET", "/v1/oversight/figures").json()
    totals = {one["figure"]: one["total"]["count"] for one in answer["months"][0]["figures"]}
    assert (totals["drills_held"], totals["drills"]) == (0, 0)


def test_the_metrics_count_councils_by_their_last_drill_and_name_none(api: Api) -> None:
    deployment = api.deployment
    set_policy_of_blackpool(deployment, two_tiers())
    begin(deployment)
    # Cardiff has no contacts.
    assert (sample(api, "waiting"), sample(api, "failed")) == (1.0, 1.0)
    go_on_to(deployment, HOUR + 2 * ONE_DAY)
    assert (sample(api, "waiting"), sample(api, "failed")) == (0.0, 2.0)
    go_on_to(deployment, HOUR + 6 * ONE_DAY)
    assert (sample(api, "failed"), sample(api, "ended")) == (0.0, 2.0)


def sample(api: Api, state: str) -> float:
    text = api.ask("operator", "GET", "/metrics").text
    (line,) = (one for one in text.splitlines() if one.startswith("pullcord_council_drills{") and f'"{state}"' in one)
    assert "0000" not in line.split("}")[0]
    return float(line.split()[-1])
