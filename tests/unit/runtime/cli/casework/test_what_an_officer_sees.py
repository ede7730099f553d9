from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.core.clock import london_day
from services.storage.tables import audit
from tests.support.command_line import BLACKPOOL, ENTRY, NUMBER, RAVEN, Desk

ASHA = ("--by", "Asha Patel")
ORDER = {
    "id": "n1",
    "provider_reference": "RT-026153",
    "cli": "+44 1632 960123",
    "planned_migration_date": "2026-12-03",
}
DEVICE = {"Device type": "Pendant and hub", "Make and model": "Lighthouse 400", "ARC": "Fylde Shore Monitoring"}


def cases_listed(desk: Desk, *typed: str) -> list[str]:
    return [word for word in desk.done("cases", *typed).out.split() if word.startswith("C-")]


def with_cases(desk: Desk, days: list[int]) -> list[str]:
    """Open a case for each item of `days`. An item is the number of days until the move. Return the entry ids."""
    numbers = [f"01632 960{100 + place}" for place in range(len(days))]
    entries = [
        {
            "Client Ref": f"TC{place}",
            "Tel No": number,
            "Post Code": "FY3 8AB",
            "Address 1": f"{place + 1} Lapwing Close",
        }
        for place, number in enumerate(numbers)
    ]
    today = london_day(desk.clock.now())
    notices = [
        {"id": f"n{place}", "cli": number, "planned_migration_date": str(today + timedelta(days=day))}
        for place, (number, day) in enumerate(zip(numbers, days, strict=True))
    ]
    desk.done("import", "register", desk.sheet("register.csv", entries), "--council", BLACKPOOL)
    desk.done("import", "notices", desk.file("notices.json", json.dumps(notices)), "--provider", RAVEN)
    return [entry["Client Ref"] for entry in entries]


@pytest.mark.parametrize("width", [80, 90, 100, 109])
def test_on_a_narrow_terminal_no_line_is_too_long_and_no_word_is_cut(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    case = desk.with_a_case()
    desk.clock.advance(minutes=1)
    desk.done(
        "import", "notices", desk.file("m.json", json.dumps({**ORDER, "status": "completed"})), "--provider", RAVEN
    )
    monkeypatch.setenv("COLUMNS", str(width))
    printed = desk.done("cases").out
    assert max(map(len, printed.splitlines())) <= width
    words = {case, "Blackpool", "Council", "TC1", "2026", "confirmed", "migrated", "unconfirmed", "Raven", "Telecom"}
    assert words <= set(printed.split())
    assert "not yet" in " ".join(printed.split())


def test_a_case_whole_fits_into_eighty_columns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.with_a_case()
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, desk.done("case", "show", case).out.splitlines())) <= 80


def test_open_cases_come_first_and_the_most_urgent_of_them_before_the_rest(desk: Desk) -> None:
    soon, later, moved, safe = with_cases(desk, [5, 40, 90, 2])
    gone = {"id": "n2", "cli": "01632 960102", "planned_migration_date": "2027-02-21", "status": "completed"}
    desk.clock.advance(minutes=1)
    desk.done("import", "notices", desk.file("gone.json", json.dumps(gone)), "--provider", RAVEN)
    desk.done("confirm", safe, *ASHA, "--party", "provider", "--evidence", "Prove Telecare")
    listed = json.loads(desk.done("cases", "--json").out)
    assert [one["entry_id"] for one in listed] == [moved, soon, later, safe]
    assert cases_listed(desk, "--limit", "1") == [listed[0]["case"]]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_the_order_of_the_file_the_earliest_day_comes_first(desk: Desk, seed: int) -> None:
    days = random.Random(seed).sample(range(1, 300), 12)
    own = with_cases(desk, days)
    listed = json.loads(desk.done("cases", "--json").out)
    assert [one["entry_id"] for one in listed] == [own[place] for place in sorted(range(12), key=days.__getitem__)]


def with_an_order(desk: Desk) -> str:
    desk.done("import", "register", desk.sheet("register.csv", [{**ENTRY, **DEVICE}]), "--council", BLACKPOOL)
    desk.done("import", "notices", desk.file("notices.json", json.dumps([ORDER])), "--provider", RAVEN)
    (case,) = cases_listed(desk)
    return case


@pytest.mark.parametrize("typed", ["TC1", "tc1", " TC1 "])
def test_a_case_is_shown_by_the_councils_own_reference(desk: Desk, typed: str) -> None:
    case = with_an_order(desk)
    shown = desk.done("case", "show", typed).words
    assert shown.startswith(case)
    assert "Your reference TC1" in shown


@pytest.mark.parametrize("typed", ["TC2", "nonsense", "C-2222-2222", "''", "%"])
def test_a_reference_that_no_case_has_is_said_in_a_sentence(desk: Desk, typed: str) -> None:
    with_an_order(desk)
    printed = desk.run("case", "show", typed)
    assert (printed.code, printed.out) == (2, "")
    assert "there is no case of this reference" in printed.complaint


def test_a_case_has_what_is_needed_to_ring_the_provider(desk: Desk) -> None:
    case = with_an_order(desk)
    assert (
        "Provider's contact not known: `pullcord providers contact` enters it" in desk.done("case", "show", case).words
    )
    desk.done("providers", "contact", RAVEN, "migration desk, migrations@raven.example")
    shown = desk.done("case", "show", case).words
    assert "Provider's order RT-026153" in shown
    assert "Provider's contact migration desk, migrations@raven.example" in shown


@pytest.mark.parametrize(("count", "ends"), [(1, "WO-0"), (5, "WO-4"), (8, "WO-4 and 3 more")])
def test_a_case_of_an_area_has_the_orders_on_that_area(desk: Desk, count: int, ends: str) -> None:
    area = {"scope": "postcode", "area_codes": ["FY3 8"], "planned_migration_date": "2026-12-03"}
    orders = [{"id": f"n{one}", "provider_reference": f"WO-{one}", **area} for one in range(count)]
    desk.done("import", "register", desk.sheet("register.csv", [ENTRY]), "--council", BLACKPOOL)
    desk.done("import", "notices", desk.file("notices.json", json.dumps(orders)), "--provider", RAVEN)
    (case,) = cases_listed(desk)
    shown = desk.done("case", "show", case).words
    assert "Area FY3 8 Provider's order WO-0" in shown
    assert f"{ends} Provider's contact" in shown


def test_a_case_has_the_alarm_and_its_receiving_centre(desk: Desk) -> None:
    shown = desk.done("case", "show", with_an_order(desk)).words
    assert "Alarm Pendant and hub, Lighthouse 400" in shown
    assert "Alarm receiving centre Fylde Shore Monitoring" in shown


def test_the_number_on_a_notice_is_shown_only_when_asked_for_and_the_audit_keeps_who_saw_it(desk: Desk) -> None:
    case = with_an_order(desk)
    plain = desk.done("case", "show", case).words
    assert "Number on it not shown" in plain
    shown = desk.done("case", "show", case, "--reveal", *ASHA).words
    assert f"Number on it {NUMBER}" in shown
    assert "the numbers on its notices were shown Asha Patel" in desk.done("case", "show", case).words
    with desk.store() as store, store.reading() as connection:
        rows = connection.execute(select(audit.c.fields).where(audit.c.action == "numbers_revealed")).all()
    assert [row.fields for row in rows] == [{"case": case, "notices": 1}]


@pytest.mark.parametrize("by", [(), ("--by", "System"), ("--by", "x")])
def test_nobody_sees_a_number_without_a_name(desk: Desk, by: tuple[str, ...]) -> None:
    case = with_an_order(desk)
    printed = desk.run("case", "show", case, "--reveal", *by)
    assert (printed.code, printed.out) == (2, "")
    assert "--by" in printed.complaint
