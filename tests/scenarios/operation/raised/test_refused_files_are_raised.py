from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from httpx import Response

from services.core.clock import LONDON
from services.core.days.working_days import Nation, is_working_day
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.refused.files import note_refused_file
from services.storage.tables import refused_files
from tests.support.deployment import BLACKPOOL, RAVEN
from tests.support.http import (
    CSV,
    ENTRIES,
    ENTRY,
    NOTICE,
    NOTICE_UPLOADS,
    NOTICES,
    REGISTER_UPLOADS,
    XLSX,
    Api,
)
from tests.support.ledger import count

JSON = {"Content-Type": "application/json"}
OPERATOR = "mailto://operator.example"
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
SOUND = b"Reference,Landline,Migration date\r\nM-1,01632 960123,03/12/2027\r\n"
REGISTER = b"Case ID,Telephone Number\r\n" + b"".join(b"e%d,01632 9601%02d\r\n" % (one, one) for one in range(20))


@pytest.fixture
def monday(api: Api) -> Api:
    api.deployment.clock.set(MONDAY)
    return api


def raised(api: Api) -> list[str]:
    api.deployment.tick(seconds=1)
    return [sent.message.text for sent in api.deployment.mails() if sent.route == OPERATOR]


def upload(api: Api, data: bytes, media: str = CSV, query: str = "") -> Response:
    return api.ask("raven", "POST", f"{NOTICE_UPLOADS}{query}", content=data, headers={"Content-Type": media})


def replace(api: Api, data: bytes, query: str = "") -> Response:
    path = f"{REGISTER_UPLOADS}?mode=replace{query}"
    return api.ask("blackpool", "POST", path, content=data, headers={"Content-Type": CSV})


def cut_off(api: Api) -> Response:
    assert replace(api, REGISTER).status_code == 202
    return replace(api, b"\r\n".join(REGISTER.split(b"\r\n")[:4]))


def noise(api: Api) -> Response:
    return upload(api, random.Random(11).randbytes(3_000), XLSX)


REFUSED: list[tuple[Callable[[Api], Response], int, str]] = [
    (lambda api: upload(api, b"Shopping,List\r\nmilk,2\r\n"), 422, "a file of notices"),
    (lambda api: upload(api, b""), 422, "a file of notices"),
    (lambda api: upload(api, b"PK\x03\x04 no workbook", XLSX), 422, "a file of notices"),
    (noise, 422, "a file of notices"),
    (lambda api: upload(api, b"x" * (33 << 20)), 413, "a file of notices"),
    (lambda api: upload(api, SOUND, "application/pdf"), 415, "a file of notices"),
    (lambda api: upload(api, SOUND, query="?column=Landline=no_field"), 422, "a file of notices"),
    (cut_off, 409, "a file of register entries"),
    (lambda api: api.ask("raven", "POST", NOTICES, content=b"{}", headers={"Content-Type": CSV}), 415, "a body"),
    (lambda api: api.ask("raven", "POST", NOTICES, json=[NOTICE] * 51), 413, "a body of notices"),
    (lambda api: api.ask("blackpool", "PUT", ENTRIES, content=b"[{", headers=JSON), 400, "a body of register entries"),
    (lambda api: api.ask("blackpool", "PUT", ENTRIES, content=b"x" * (2 << 20), headers=JSON), 413, "a body"),
]


@pytest.mark.parametrize(("send", "status", "what"), REFUSED)
def test_it_is_raised_one_working_day_later_with_sender_kind_and_time(
    monday: Api, send: Callable[[Api], Response], status: int, what: str
) -> None:
    assert send(monday).status_code == status
    monday.deployment.tick(hours=23)
    assert raised(monday) == []
    monday.deployment.tick(hours=1)
    (said,) = raised(monday)
    words = " ".join(said.split())
    assert any(f"{sender}: {what}" in words for sender in ("Raven Telecom (RAVN)", "Blackpool (E06000009)"))
    assert "refused on Monday 23 November 2026 at 10:00am" in words
    assert monday.deployment.mails()[-1].message.subject.startswith("Pullcord: 1 refused file was not sent again")
    monday.deployment.tick(days=5)
    assert len(raised(monday)) == 1


def test_nothing_is_raised_once_a_file_of_the_sender_and_the_kind_is_taken_in(monday: Api) -> None:
    upload(monday, b"Shopping,List\r\nmilk,2\r\n")
    monday.deployment.clock.advance(hours=4)
    assert upload(monday, SOUND).status_code == 202
    monday.deployment.tick(days=2)
    assert raised(monday) == []
    assert count(monday.deployment, refused_files) == 0


def test_a_confirmed_replacement_settles_the_one_that_was_refused(monday: Api) -> None:
    would = cut_off(monday).json()["would_withdraw"]
    short = b"\r\n".join(REGISTER.split(b"\r\n")[:4])
    assert replace(monday, short, f"&confirm_withdrawals={would}").status_code == 202
    monday.deployment.tick(days=2)
    assert raised(monday) == []


@pytest.mark.parametrize(
    "later",
    [
        lambda api: api.ask("raven", "POST", NOTICES, json=NOTICE),
        lambda api: api.ask("blackpool", "PUT", ENTRIES, json=ENTRY),
        lambda api: api.ask("harbour", "POST", NOTICE_UPLOADS, content=SOUND, headers={"Content-Type": CSV}),
        lambda api: upload(api, SOUND, query="?dry_run=true"),
        lambda api: upload(api, b"Reference,Landline,Migration date\r\n"),
        lambda api: upload(api, b"Reference,Landline,Migration date\r\n,01632 960123,03/12/2027\r\n"),
    ],
    ids=["a body", "another kind", "another sender", "a dry run", "no row", "no row that could be taken"],
)
def test_a_refused_file_is_not_settled_by(monday: Api, later: Callable[[Api], Response]) -> None:
    upload(monday, b"Shopping,List\r\nmilk,2\r\n")
    later(monday)
    monday.deployment.tick(hours=25)
    assert sum("a file of notices" in said for said in raised(monday)) == 1


def test_a_file_settles_a_refused_body_too(monday: Api) -> None:
    monday.ask("raven", "POST", NOTICES, content=b"[{", headers=JSON)
    upload(monday, SOUND)
    monday.deployment.tick(days=2)
    assert raised(monday) == []


def test_a_dry_run_that_is_refused_is_not_raised(monday: Api) -> None:
    assert upload(monday, b"Shopping,List\r\nmilk,2\r\n", query="?dry_run=true").status_code == 422
    assert count(monday.deployment, refused_files) == 0


def test_a_file_of_which_each_row_is_refused_is_raised_by_its_rows_alone(monday: Api) -> None:
    assert upload(monday, SOUND.replace(b"M-1", b"")).status_code == 422
    monday.deployment.tick(hours=25)
    assert [("refused row was" in said, "refused file" in said) for said in raised(monday)] == [(True, False)]


def test_many_refusals_of_one_kind_are_one_alert_that_counts_from_the_first(monday: Api) -> None:
    for _ in range(5):
        upload(monday, b"Shopping,List\r\nmilk,2\r\n")
        monday.deployment.clock.advance(hours=4)
    monday.deployment.tick(hours=5)
    (said,) = raised(monday)
    assert said.count("a file of notices") == 1
    assert "at 10:00am" in " ".join(said.split())


def test_a_file_that_is_refused_after_the_alert_is_raised_anew(monday: Api) -> None:
    upload(monday, b"Shopping,List\r\nmilk,2\r\n")
    monday.deployment.tick(hours=25)
    upload(monday, b"Shopping,List\r\nmilk,2\r\n")
    monday.deployment.tick(hours=25)
    assert len(raised(monday)) == 2


def test_nothing_of_the_file_is_kept_or_told(monday: Api) -> None:
    upload(monday, b"Mrs Example,01632 960999\r\nTC-77,FY3 8AB\r\n")
    monday.deployment.tick(hours=25)
    (said,) = raised(monday)
    assert not any(cell in said for cell in ("Mrs Example", "960999", "TC-77", "FY3"))


def test_whenever_files_are_refused_the_operator_has_one_message_on_a_working_day(monday: Api) -> None:
    chance = random.Random(20261123)
    for _ in range(12):
        monday.deployment.clock.advance(hours=chance.randint(1, 200))
        before, sent = len(raised(monday)), set()
        for kind in chance.choices(list(RecordKind), k=3):
            sender = RAVEN if kind is RecordKind.NOTICE else BLACKPOOL
            channel = chance.choice(["file", "command", "api"])
            note_refused_file(monday.deployment.store, sender, kind, channel, "empty")
            sent.add((kind, channel == "api"))
        while len(raised(monday)) == before:
            monday.deployment.tick(hours=1)
        assert is_working_day(monday.deployment.clock.now().astimezone(LONDON).date(), Nation.ENGLAND)
        assert raised(monday)[before].count("(empty)") == len(sent)
        upload(monday, SOUND)
        replace(monday, REGISTER)
