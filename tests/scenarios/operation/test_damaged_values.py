from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Table, select, update

from services.alerts.delivery.digest import DAMAGED
from services.alerts.views import NAME_DAMAGED
from services.runtime.maintenance.exports import export_cases
from services.storage.tables import audit, notices, quarantine, register_entries
from tests.support.http import ENTRY, NOTICE, Api

LINES = range(3)


def entry(number: int) -> dict[str, object]:
    return {**ENTRY, "entry_id": f"e{number}", "cli": f"01632 96012{number}"}


@pytest.fixture
def listed(api: Api) -> Api:
    # The council was alerted about three lines at risk.
    api.deployment.put_entries(*(entry(number) for number in LINES))
    api.deployment.post_notices(*({**NOTICE, "id": f"n{number}", "cli": f"01632 96012{number}"} for number in LINES))
    api.deployment.tick(seconds=31)
    return api


def hurt(sealed: bytes, how: str) -> bytes:
    place = {"the first byte": 0, "the key's name": 1, "the nonce": 4, "the text": 20, "the tag": len(sealed) - 1}
    if how == "cut short":
        return sealed[:9]
    if how == "empty":
        return b""
    at = place[how]
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def damage(api: Api, how: str, pk: int = 2, table: Table = register_entries) -> None:
    with api.deployment.store.writing() as connection:
        sealed = connection.scalars(select(table.c.sealed).where(table.c.pk == pk)).one()
        connection.execute(update(table).where(table.c.pk == pk).values(sealed=hurt(sealed, how)))


WAYS = ["the first byte", "the key's name", "the nonce", "the text", "the tag", "cut short", "empty"]


@pytest.mark.parametrize("how", WAYS)
def test_the_list_marks_the_damaged_case_and_shows_the_others(listed: Api, how: str) -> None:
    damage(listed, how)
    answer = listed.ask("blackpool", "GET", "/v1/cases")
    assert answer.status_code == 200
    shown = {case["entry_id"]: case["damaged"] for case in answer.json()}
    assert shown == {"e0": False, DAMAGED: True, "e2": False}


@pytest.mark.parametrize("seed", range(8))
def test_any_bytes_of_any_record_may_be_damaged(listed: Api, seed: int) -> None:
    random = Random(seed)
    pk = random.choice([1, 2, 3])
    with listed.deployment.store.writing() as connection:
        query = select(register_entries.c.sealed).where(register_entries.c.pk == pk)
        sealed = bytearray(connection.scalars(query).one())
        for _ in range(random.randint(1, 5)):
            sealed[random.randrange(len(sealed))] ^= random.randint(1, 255)
        connection.execute(update(register_entries).where(register_entries.c.pk == pk).values(sealed=bytes(sealed)))
    cases = listed.ask("blackpool", "GET", "/v1/cases").json()
    assert sorted(case["damaged"] for case in cases) == [False, False, True]


def test_the_operator_is_alerted_once_a_day_until_somebody_has_dealt_with_it(listed: Api) -> None:
    damage(listed, "the text")
    for _ in range(3):
        listed.ask("blackpool", "GET", "/v1/cases")
        listed.deployment.tick(minutes=1)
    told = [mail for mail in listed.deployment.mails() if mail.route == "mailto://operator.example"]
    assert len(told) == 1
    assert "register_entries:2" in told[0].message.text
    assert "pullcord audit check" in told[0].message.text
    assert "pullcord audit check" in told[0].message.html


def test_the_damaged_case_itself_is_shown_without_its_place_and_with_its_history(listed: Api) -> None:
    damage(listed, "the tag")
    case = next(one["case"] for one in listed.ask("blackpool", "GET", "/v1/cases").json() if one["damaged"])
    answer = listed.ask("blackpool", "GET", f"/v1/cases/{case}")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["place"]["telephone_numbers"], shown["place"]["postcode"]) == ([], None)
    assert len(shown["matches"]) == len(shown["history"]) == 1


def test_the_page_of_the_link_shows_every_case_and_takes_an_acknowledgement(listed: Api) -> None:
    (link,) = (word for word in listed.deployment.mails()[0].message.text.split() if "/a/" in word)
    path = link.removeprefix("https://pullcord.example")
    damage(listed, "the text")
    page = listed.ask(None, "GET", path)
    assert page.status_code == 200
    references = [case.reference for case in listed.deployment.cases()]
    assert all(reference in page.text for reference in (*references, DAMAGED))
    done = listed.ask(None, "POST", path, data={"name": "Asha Patel", "case": references})
    assert done.status_code == 303
    assert {case.state.value for case in listed.deployment.cases()} == {"acknowledged"}


def test_a_damaged_name_of_an_earlier_person_hides_no_page_and_no_history(listed: Api) -> None:
    (link,) = (word for word in listed.deployment.mails()[0].message.text.split() if "/a/" in word)
    path, first = link.removeprefix("https://pullcord.example"), listed.deployment.cases()[0].reference
    listed.ask(None, "POST", path, data={"name": "Asha Patel", "case": first})
    with listed.deployment.store.writing() as connection:
        connection.execute(update(audit).where(audit.c.actor_sealed.is_not(None)).values(actor_sealed=b"\x02k1broken"))
    page = listed.ask(None, "GET", path)
    assert (page.status_code, NAME_DAMAGED in page.text) == (200, True)
    shown = listed.ask("blackpool", "GET", f"/v1/cases/{first}")
    assert NAME_DAMAGED in {event["by"] for event in shown.json()["history"]}


def test_the_next_message_about_a_damaged_case_goes_out(listed: Api) -> None:
    damage(listed, "the text")
    before = len(listed.deployment.mails())
    listed.deployment.tick(days=8)
    latest = [mail for mail in listed.deployment.mails()[before:] if mail.route == "mailto://desk.example"]
    assert all(case.reference in latest[-1].message.text for case in listed.deployment.cases())


def test_an_export_holds_the_damaged_case_without_its_reference(listed: Api, tmp_path: Path) -> None:
    damage(listed, "the nonce")
    assert export_cases(listed.deployment.store, tmp_path / "cases.csv", references=True) == len(LINES)
    assert "e1" not in (tmp_path / "cases.csv").read_text()


@pytest.mark.parametrize("table", [register_entries, notices])
@pytest.mark.parametrize("how", ["the text", "the key's name", "cut short"])
def test_a_damaged_record_holds_up_no_matching_and_stays_matched(api: Api, table: Table, how: str) -> None:
    deployment = api.deployment
    at_one_address = [{**entry(number), "cli": None} for number in LINES]
    deployment.put_entries(*at_one_address)
    deployment.post_notices({"id": "n1", "postcode": "FY3 8AB", "address_lines": ["12 Tower Road"]})
    damage(api, how, pk=1, table=table)
    deployment.tick(seconds=31)
    assert len(deployment.cases()) == len(LINES)
    with deployment.store.reading() as connection:
        assert connection.scalars(select(quarantine.c.consumer)).all() == ["vault"]
    # Later records are still matched.
    deployment.put_entries({**entry(9), "cli": None})
    deployment.tick(seconds=31)
    assert len(deployment.cases()) == len(LINES) + 1


def test_a_sender_replaces_a_damaged_record_by_sending_it_again(listed: Api) -> None:
    damage(listed, "the text")
    again = {**entry(1), "connection": "sim", "updated_at": "2026-11-23T09:00:00Z"}
    assert listed.ask("blackpool", "PUT", "/v1/telecare-registers/E06000009/entries", json=again).status_code == 202
    listed.deployment.tick(seconds=31)
    assert not any(case["damaged"] for case in listed.ask("blackpool", "GET", "/v1/cases").json())


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("status", "code"), [("withdrawn", 202), ("completed", 422)])
def test_a_status_of_a_damaged_notice_is_no_fault_of_ours(listed: Api, how: str, status: str, code: int) -> None:
    damage(listed, how, table=notices)
    report = {"id": "n1", "status": status, "issued_at": "2026-11-23T09:00:00Z"}
    answer = listed.ask("raven", "POST", "/v1/migration-notices", json=report)
    assert answer.status_code == code
    codes = {issue["code"] for row in answer.json()["rows_with_issues"] for issue in row["issues"]}
    assert "unknown_reference" not in codes
    # The place of the line can no longer be read, so the sender is asked for it.
    assert ("nowhere" in codes) is (status == "completed")
    listed.deployment.tick(seconds=31)
    ended = listed.ask("blackpool", "GET", "/v1/cases").json()
    assert len(ended) == len(LINES) - (status == "withdrawn")
