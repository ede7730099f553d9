from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from schemas.codes import CaseEvent
from services.alerts.review.recording import ActRefusedError
from services.audit.check import audit_differences
from services.storage.feeds import add_feed
from services.storage.tables import cases
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, notice
from tests.support.people import OFFICER, confirm_hold, confirm_safe, record

HOLD, SOLUTION = "hold until", "solution due again"


@pytest.fixture
def one_case(deployment: Deployment) -> Deployment:
    deployment.with_officers()
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice("n1", issued=1, in_days=30))
    deployment.tick(seconds=61)
    return deployment


def found(deployment: Deployment) -> set[str]:
    # The reference of the case is left out.
    with deployment.store.reading() as connection:
        return {one.what.split(" ", 2)[2] for one in audit_differences(connection, deployment.store)}


def by_sql(deployment: Deployment, **values: Any) -> None:
    with deployment.store.writing() as connection:
        connection.execute(update(cases).values(**values))


def fit(deployment: Deployment, **values: Any) -> None:
    record(deployment, CaseEvent.FIT_SOLUTION, **values)


def in_days(deployment: Deployment, days: int) -> str:
    return str(deployment.clock.now().date() + timedelta(days=days))


@pytest.mark.parametrize(
    "day", [date(2027, 6, 1), date(2126, 1, 1), date(2026, 12, 24), None], ids=["later", "far", "earlier", "none"]
)
def test_the_end_of_a_hold_is_the_day_that_the_council_recorded(one_case: Deployment, day: date | None) -> None:
    confirm_hold(one_case, in_days(one_case, 40))
    assert found(one_case) == set()
    by_sql(one_case, hold_until=day)
    assert found(one_case) == {HOLD}


def test_a_hold_that_nobody_recorded_is_found(one_case: Deployment) -> None:
    by_sql(one_case, hold_until=date(2027, 6, 1))
    assert found(one_case) == {HOLD}


def test_an_older_and_longer_hold_does_not_come_back(one_case: Deployment) -> None:
    confirm_hold(one_case, in_days(one_case, 90))
    confirm_hold(one_case, in_days(one_case, 20))
    assert found(one_case) == set()
    by_sql(one_case, hold_until=date.fromisoformat(in_days(one_case, 90)))
    assert found(one_case) == {HOLD}


@pytest.mark.parametrize("days", [(20, 60), (60, 20)])
def test_of_the_holds_of_two_providers_the_one_that_ends_first_counts(
    one_case: Deployment, days: tuple[int, int]
) -> None:
    add_feed(one_case.store, "provider", "HRBR", "Harbour Telecom")
    one_case.post_notices(notice("h1", issued=2, in_days=35), feed="provider:HRBR")
    one_case.tick(seconds=61)
    for provider, many in zip(("RAVN", "HRBR"), days, strict=True):
        record(
            one_case,
            CaseEvent.CONFIRM_HOLD,
            provider_reference="H1",
            ends_on=in_days(one_case, many),
            provider=provider,
        )
    assert str(cases_by_entry(one_case)["e1"].hold_until) == in_days(one_case, 20)
    assert found(one_case) == set()
    by_sql(one_case, hold_until=date.fromisoformat(in_days(one_case, 61)))
    assert found(one_case) == {HOLD}


def test_a_hold_that_is_over_leaves_no_day(one_case: Deployment) -> None:
    confirm_hold(one_case, until := in_days(one_case, 2))
    one_case.tick(hours=96)
    case = cases_by_entry(one_case)["e1"]
    assert (case.hold_until, found(one_case)) == (None, set())
    by_sql(one_case, hold_until=date.fromisoformat(until) + timedelta(days=1000))
    assert found(one_case) == {HOLD}


@pytest.mark.parametrize("kind", ["converter_interim", "pdpl"])
@pytest.mark.parametrize("day", [date(2031, 1, 1), None], ids=["later", "none"])
def test_an_interim_solution_is_due_again_on_the_day_that_was_recorded(
    one_case: Deployment, kind: str, day: date | None
) -> None:
    name = "retest_on" if kind == "converter_interim" else "review_on"
    fit(one_case, kind=kind, **{name: in_days(one_case, 30)})
    assert found(one_case) == set()
    by_sql(one_case, review_on=day)
    assert found(one_case) == {SOLUTION}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_people_record_only_a_change_by_sql_is_found(one_case: Deployment, seed: int) -> None:
    dice = Random(seed)

    def call() -> object:
        at = one_case.clock.now().isoformat()
        return record(one_case, CaseEvent.PASS_TEST, arc_name="Fylde ARC", at=at, tested_by=OFFICER)

    acts: list[Callable[[], object]] = [
        lambda: confirm_hold(one_case, in_days(one_case, dice.randint(1, 90))),
        lambda: fit(one_case, kind="converter_interim", retest_on=in_days(one_case, dice.randint(1, 60))),
        lambda: fit(one_case, kind="pdpl", review_on=in_days(one_case, dice.randint(1, 60))),
        lambda: fit(one_case, kind="digital"),
        call,
        lambda: confirm_safe(one_case),
    ]
    for _ in range(8):
        # The state of the case may refuse an act.
        with suppress(ActRefusedError):
            dice.choice(acts)()
        assert found(one_case) == set()
        one_case.tick(hours=dice.choice([1, 24, 24 * 20]))
        assert found(one_case) == set()
    column, what = dice.choice([("hold_until", HOLD), ("review_on", SOLUTION)])
    by_sql(one_case, **{column: date(2033, 1, 1) + timedelta(days=dice.randrange(3650))})
    assert found(one_case) == {what}
