from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from services.storage.tables import notices
from tests.support.http import Api

HOME = {"entry_id": "e1", "postcode": "FY3 8AB", "address_lines": ["1 High Street"]}
MOVE = date(2026, 12, 10)


def on_area(name: str, days: int | None = 0, **more: Any) -> dict[str, Any]:
    dated = {} if days is None else {"planned_migration_date": str(MOVE + timedelta(days=days))}
    return {"id": name, "scope": "postcode", "area_codes": ["FY3 8"], **dated, **more}


def shown(api: Api, *sent: dict[str, Any]) -> dict[str, Any]:
    api.deployment.put_entries(HOME)
    api.deployment.post_notices(*sent)
    api.deployment.settle()
    return match_of(api)


def match_of(api: Api) -> dict[str, Any]:
    case = api.deployment.cases()[0].reference
    (match,) = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()["matches"]
    found: dict[str, Any] = match
    return found


def orders(match: dict[str, Any]) -> tuple[str | None, list[str], int]:
    return match["provider_reference"], match["provider_references"], match["more_references"]


@pytest.mark.parametrize(
    ("count", "listed", "more"),
    [(1, ["n0"], 0), (5, ["n0", "n1", "n2", "n3", "n4"], 0), (6, ["n0", "n1", "n2", "n3", "n4"], 1)],
)
def test_at_most_five_references_are_shown_and_the_rest_is_counted(
    api: Api, count: int, listed: list[str], more: int
) -> None:
    match = shown(api, *(on_area(f"n{number}") for number in range(count)))
    assert orders(match) == ("n0", listed, more)
    assert match["area"] == "FY3 8"


def test_the_order_of_the_provider_is_shown_and_not_the_id_of_the_message(api: Api) -> None:
    assert orders(shown(api, on_area("m1", provider_reference="WO-7001"))) == ("WO-7001", ["WO-7001"], 0)


def test_a_restriction_counts_before_the_move_and_a_notice_without_a_date_comes_last(api: Api) -> None:
    sent = [
        on_area("undated", None),
        on_area("late", 30),
        on_area("early", 2),
        on_area("restricted", 40, restriction_start_date="2026-12-01"),
        on_area("moved", -30, status="completed"),
    ]
    assert orders(shown(api, *sent))[1] == ["restricted", "early", "late", "undated", "moved"]


def test_an_order_that_ended_and_those_of_other_areas_and_providers_are_not_shown(api: Api) -> None:
    shown(api, on_area("n1"), on_area("n2", 1), on_area("else", area_codes=["FY4 1"]))
    api.deployment.tick(minutes=1)
    api.deployment.post_notices(on_area("n1", status="withdrawn"))
    api.deployment.post_notices(on_area("h1"), feed="provider:HBRT")
    api.deployment.settle()
    case = api.deployment.cases()[0].reference
    raven, harbour = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()["matches"]
    assert (orders(raven), orders(harbour)) == (("n2", ["n2"], 0), ("h1", ["h1"], 0))


def test_a_notice_on_a_line_has_its_one_reference_and_no_area(api: Api) -> None:
    api.deployment.put_entries({**HOME, "cli": "01632 960123"})
    api.deployment.post_notices({"id": "n1", "cli": "01632 960123", "planned_migration_date": str(MOVE)})
    api.deployment.settle()
    match = match_of(api)
    assert (orders(match), match["area"]) == (("n1", ["n1"], 0), None)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_and_number_of_notices_the_nearest_are_shown_and_every_one_is_counted(
    api: Api, seed: int
) -> None:
    chance = random.Random(seed)
    days = {f"r{number}": chance.randrange(60) for number in range(chance.randint(1, 30))}
    names = chance.sample(sorted(days), len(days))
    _, listed, more = orders(shown(api, *(on_area(name, days[name]) for name in names)))
    assert [days[name] for name in listed] == sorted(days.values())[:5]
    assert len(set(listed)) + more == len(days)


def test_a_damaged_notice_hides_no_other_and_is_counted(api: Api) -> None:
    shown(api, on_area("n1"), on_area("n2", 1), on_area("n3", 2))
    with api.deployment.store.writing() as connection:
        connection.execute(notices.update().where(notices.c.pk == 1).values(sealed=b""))
    assert orders(match_of(api)) == ("n2", ["n2", "n3"], 1)
