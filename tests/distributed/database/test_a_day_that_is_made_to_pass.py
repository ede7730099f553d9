from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Date, Table, select, update

from schemas.codes import CaseEvent
from scripts.distributed_demo.passing_time import TABLES, let_a_day_pass
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.tables import Moment, cases
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import ENTRY, after_first_alert, last_alert, notice
from tests.support.people import acknowledge_last, confirm_hold, record

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

A_DAY = timedelta(days=1)
DESK = Contact(person="duty desk", channel="route", address="mailto://desk.example")
# Times that are moved by a day fall on other days of the week, so every day must be a working day.
EVERY_DAY = CouncilPolicy(
    tiers=(Tier(label="duty", from_days=56, contacts=(DESK,)),),
    works_every_day=True,
    one_digest_a_day=False,
    urgent_interval_minutes=0,
)
HOME = {**ENTRY, "postcode": "FY3 8AB", "address_lines": ["18 High Street"]}
AREA = {"id": "a1", "issued_at": "2026-11-02T09:00:00Z", "scope": "postcode", "area_codes": ["FY3 8"]}


def a_restriction_has_begun(deployment: Deployment) -> None:
    deployment.post_notices(notice(issued=2, restriction_start_date="2026-11-23"))


def a_restriction_begins_tomorrow(deployment: Deployment) -> None:
    deployment.post_notices(notice(issued=2, restriction_start_date="2026-11-24"))


def an_area_is_restricted(deployment: Deployment) -> None:
    deployment.put_entries({**HOME, "updated_at": "2026-11-02T09:00:00Z"})
    for name, day in (("a1", "2026-11-22"), ("a2", "2026-11-23"), ("a3", "2026-11-24")):
        deployment.post_notices({**AREA, "id": name, "restriction_start_date": day})


def a_number_has_left_its_provider(deployment: Deployment) -> None:
    record(deployment, CaseEvent.PORT_LINE, from_provider="RAVN")


def a_hold_ends_today(deployment: Deployment) -> None:
    confirm_hold(deployment, "2026-11-23")


def the_alert_is_acknowledged(deployment: Deployment) -> None:
    acknowledge_last(deployment)


def another_version_has_the_same_stamp(deployment: Deployment) -> None:
    deployment.post_notices(notice(in_days=12, restriction_start_date="2026-11-24"))


@pytest.mark.parametrize(
    "happens",
    [
        a_restriction_has_begun,
        a_restriction_begins_tomorrow,
        an_area_is_restricted,
        a_number_has_left_its_provider,
        a_hold_ends_today,
        the_alert_is_acknowledged,
        another_version_has_the_same_stamp,
    ],
)
def test_the_rules_decide_as_they_do_a_day_later(
    deployment: Deployment, tmp_path: Path, happens: Callable[[Deployment], None]
) -> None:
    # A clock can be moved on any database, and SQLite is ready at once.
    waits, moved = Deployment(sqlite_engine(tmp_path)), deployment
    for one in (waits, moved):
        after_first_alert(one.with_officers(EVERY_DAY))
        happens(one)
        one.tick(seconds=61)
    waits.tick(days=1)
    let_a_day_pass(moved.store)
    moved.tick()
    assert decided(moved, A_DAY) == decided(waits, timedelta(0))
    waits.store.engine.dispose()


def decided(deployment: Deployment, lag: timedelta) -> dict[str, Any]:
    case = cases_by_entry(deployment)["e1"]
    return {
        "state": case.state,
        "facts": case.facts,
        "mails": len(deployment.mails()),
        "last alert": last_alert(deployment),
        "harm": case.harm_on and case.harm_on + lag,
        "restrictions": [
            date.fromisoformat(one["restricted"]) + lag for one in case.seen.values() if "restricted" in one
        ],
    }


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_time_of_a_table_is_a_day_earlier_and_nothing_else_changes(deployment: Deployment, table: Table) -> None:
    after_first_alert(deployment.with_officers())
    fill(deployment, table)
    (before,) = rows(deployment, table)
    let_a_day_pass(deployment.store)
    (after,) = rows(deployment, table)
    for column in table.columns:
        was, now = (getattr(row, column.name) for row in (before, after))
        assert was is not None or not isinstance(column.type, Moment | Date)
        assert now == (was - A_DAY if isinstance(column.type, Moment | Date) else was), column.name


def fill(deployment: Deployment, table: Table) -> None:
    moments = {one.name: deployment.clock.now() for one in table.columns if isinstance(one.type, Moment)}
    days = {one.name: date(2026, 11, 23) for one in table.columns if isinstance(one.type, Date)}
    emptied: dict[str, dict[str, str]] = {one.name: {} for one in table.columns if isinstance(one.type, JSON)}
    with deployment.store.writing() as connection:
        connection.execute(update(table).values({**moments, **days, **emptied}))


def test_every_day_in_json_is_a_day_earlier_and_nothing_else_changes(deployment: Deployment) -> None:
    draw = random.Random(2027)
    after_first_alert(deployment.with_officers())
    for _ in range(20):
        days = [date(2026, 1, 1) + timedelta(days=draw.randrange(900)) for _ in range(4)]
        at = datetime(2026, 11, 23, draw.randrange(24), draw.randrange(60), tzinfo=UTC)
        with deployment.store.writing() as connection:
            connection.execute(update(cases).values({one.name: written(days, at) for one in JSON_OF_CASES}))
        let_a_day_pass(deployment.store)
        earlier = written([day - A_DAY for day in days], at - A_DAY)
        with deployment.store.reading() as connection:
            assert list(connection.execute(select(*JSON_OF_CASES)).one()) == [earlier] * len(JSON_OF_CASES)


JSON_OF_CASES = [one for one in cases.columns if isinstance(one.type, JSON)]


def written(days: list[date], at: datetime) -> Any:
    first, second, third, fourth = map(str, days)
    return {
        "7": {"restricted": first, "ported": f"planned {second} None", "provider": "RAVN", "doubted": 2},
        "lines": [{"issued": at.isoformat(), "rival": ["planned", third, None]}],
        "8": {"ported": f"planned {first} {second} then {third} {fourth}", "since": "20261123"},
    }
